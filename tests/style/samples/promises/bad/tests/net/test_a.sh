check "it is closed" true
# only a comment
