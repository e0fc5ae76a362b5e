"""Django's settings. One installation is one data folder (see kernel.home)."""

import os
from pathlib import Path

from fangxian.kernel.home import current_home

HERE = Path(__file__).parent
HOME = current_home()
DEBUG = False
SECRET_KEY = (
    os.environ.get("FANGXIAN_SECRET_KEY") or "loopback-only: no sessions are signed before accounts exist"
)
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "django_htmx",
    "fangxian.kernel",
    "fangxian.registry",
    "fangxian.campaigns",
    "fangxian.submissions",
    "fangxian.publishing",
    "fangxian.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "fangxian.web.middleware.headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "fangxian.web.middleware.language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "fangxian.web.remembered.remembering",
    "fangxian.web.middleware.Problems",
]
ROOT_URLCONF = "fangxian.web.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "fangxian.web.context.everywhere",
            ]
        },
    }
]


def _database() -> dict[str, object]:
    """SQLite in the data folder, or the PostgreSQL that FANGXIAN_POSTGRES names (`host=... dbname=...`)."""
    dsn = os.environ.get("FANGXIAN_POSTGRES")
    if dsn:
        parts = dict(part.split("=", 1) for part in dsn.split())
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts["dbname"],
            "HOST": parts.get("host", ""),
            "PORT": parts.get("port", ""),
            "USER": parts.get("user", ""),
            "PASSWORD": parts.get("password", ""),
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HOME.ledger,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # An acknowledged record survives a power cut: WAL with full synchronisation.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            " PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;",
        },
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [HERE / "locale"]
STATIC_URL = "/static/"
STATIC_ROOT = None  # served from the packages themselves; there is nothing to collect
WHITENOISE_USE_FINDERS = True
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS: list[str] = []
LOGGING_CONFIG = None  # the command line sets up logging; nothing logs request bodies
