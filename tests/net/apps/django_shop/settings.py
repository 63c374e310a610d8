# SPDX-License-Identifier: Apache-2.0
"""A shop that pays through an internal API; its secrets are in the environment."""
import os

SECRET_KEY = os.environ["SHOP_SECRET_KEY"]
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "django_shop.urls"
WSGI_APPLICATION = "django_shop.wsgi.application"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
INSTALLED_APPS = []
USE_TZ = True

PAYMENTS_URL = os.environ["API_URL"]
PAYMENTS_TOKEN = os.environ["API_TOKEN"]
# The CA to believe, and for mutual TLS the certificate and key to show.
PAYMENTS_CA = os.environ.get("API_CA") or True
PAYMENTS_CERT = (
    (os.environ["API_CERT"], os.environ["API_KEY"])
    if os.environ.get("API_CERT")
    else None
)
