"""The settings of a project that keeps a copy of its Stripe account with dj-stripe."""

SECRET_KEY = "for this machine only"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "djstripe"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
ROOT_URLCONF = "urls"

DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
STRIPE_LIVE_MODE = False
STRIPE_TEST_SECRET_KEY = "sk_test_0123456789abcdefghijklmn"
STRIPE_TEST_PUBLIC_KEY = "pk_test_0123456789abcdefghijklmn"
