check "it is closed" true
