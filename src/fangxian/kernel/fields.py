"""Model fields that the rooms share."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models

from .moments import from_ms, to_ms

if TYPE_CHECKING:
    _Set = TypeVar("_Set")
    _Get = TypeVar("_Get")

    class _Milliseconds(models.BigIntegerField[_Set, _Get]):
        """Where django-stubs looks for what is set and got; null=True makes both optional."""

        _pyi_private_set_type: datetime  # type: ignore[assignment]
        _pyi_private_get_type: datetime  # type: ignore[assignment]
else:
    _Milliseconds = models.BigIntegerField


class MomentField(_Milliseconds):
    """An aware datetime kept as milliseconds since 1970 UTC: alike on both databases and in the lake."""

    def from_db_value(self, value: int | None, *_: Any) -> datetime | None:
        return None if value is None else from_ms(value)

    def to_python(self, value: Any) -> Any:
        return value if value is None or isinstance(value, datetime) else from_ms(int(value))

    def get_prep_value(self, value: Any) -> int | None:
        return to_ms(value) if isinstance(value, datetime) else value


class Recorded(models.Model):
    """A row that says at which position of the change log it was recorded."""

    recorded = models.BigIntegerField(db_index=True)

    class Meta:
        abstract = True


class Bitemporal(Recorded):
    """A row with both times: valid from and until (days, half-open), recorded at and until (positions)."""

    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    recorded_until = models.BigIntegerField(null=True, db_index=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_span",
                condition=models.Q(valid_until__isnull=True)
                | models.Q(valid_until__gt=models.F("valid_from")),
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_known",
                condition=models.Q(recorded_until__isnull=True)
                | models.Q(recorded_until__gt=models.F("recorded")),
            ),
        ]
