"""Django's settings. One installation is one data folder (see kernel.home)."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.functional import SimpleLazyObject

from fangxian.kernel.home import current_home
from fangxian.kernel.secrets import own_key

HERE = Path(__file__).parent
HOME = current_home()
DEBUG = False
SECRET_KEY = SimpleLazyObject(lambda: own_key("session", current_home().keys))  # made at its first use
ALLOWED_HOSTS = [
    "127.0.0.1",
    "localhost",
    "[::1]",
    "testserver",
    *filter(None, [urlsplit(os.environ.get("FANGXIAN_ORIGIN", "")).hostname]),
]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "fangxian.kernel",
    "fangxian.registry",
    "fangxian.matching",
    "fangxian.campaigns",
    "fangxian.submissions",
    "fangxian.publishing",
    "fangxian.desk",
    "fangxian.access",
    "fangxian.web",  # before allauth: its pages wear our templates
    "allauth",
    "allauth.account",
    "allauth.mfa",
]

# Accounts: opened by whoever looks after them, never by visitors. Behind TLS name the address that people
# type (FANGXIAN_ORIGIN=https://fangxian.example.cn): then cookies travel by TLS alone.
ORIGIN = os.environ.get("FANGXIAN_ORIGIN", "")
BY_TLS = ORIGIN.startswith("https://")
AUTH_USER_MODEL = "access.Account"
AUTHENTICATION_BACKENDS = ["fangxian.access.sessions.ByPassword"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    }
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
SESSION_ENGINE = "fangxian.access.sessions"
SESSION_COOKIE_NAME = "fangxian_session"
SESSION_COOKIE_AGE = 12 * 3600  # a working day
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BY_TLS
SECURE_SSL_REDIRECT = BY_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BY_TLS else None
SECURE_HSTS_SECONDS = 31_536_000 if BY_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = BY_TLS
CSRF_TRUSTED_ORIGINS = [ORIGIN] if BY_TLS else []
ACCOUNT_ADAPTER = "fangxian.web.signing_in.Adapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_PREVENT_ENUMERATION = True
MFA_ADAPTER = "fangxian.access.second_factors.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Fangxian 防线"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not BY_TLS  # on loopback, where browsers allow it too
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
EMAIL_HOST = os.environ.get("FANGXIAN_MAIL_HOST", "")
DEFAULT_FROM_EMAIL = os.environ.get("FANGXIAN_MAIL_FROM", "fangxian@localhost")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'dummy'}.EmailBackend"
MIDDLEWARE = [
    "fangxian.web.turns.in_turn",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "fangxian.web.middleware.headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "fangxian.web.middleware.language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "fangxian.web.guard.Guard",
    "fangxian.web.remembered.remembering",
    "fangxian.web.middleware.Problems",
]
# Photos that pages bring are sealed before they touch a disk: none is put aside in the clear.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 12 * 2**20  # bytes of a whole request; files of a larger one are not read
ROOT_URLCONF = "fangxian.web.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
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
            # An acknowledged record survives a power cut: WAL with full synchronisation. It is emptied every
            # 40 MB, not every 4, which was a third of what a recorded row cost (note 9).
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            " PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=10000;",
        },
    }


# To open a connection costs as much as a kept page. One that broke is noticed at the next request.
_KEPT_OPEN = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
DATABASES = {"default": _database() | _KEPT_OPEN}
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
WHITENOISE_MAX_AGE = 7 * 24 * 3600  # files are asked for by their edition, or have it in their names
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS: list[str] = []
LOGGING_CONFIG = None  # kernel.logs sees to it that what is logged holds no value of anybody
