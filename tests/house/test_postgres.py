"""The throwaway PostgreSQL of the tests is nobody else's."""

import pytest
from django.db import connection


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_cluster_of_the_tests_listens_on_its_own_socket_alone() -> None:
    with connection.cursor() as cursor:
        settings = {}
        for name in ("listen_addresses", "unix_socket_directories", "data_directory"):
            cursor.execute("SELECT current_setting(%s)", [name])
            settings[name] = cursor.fetchone()[0]
    assert settings["listen_addresses"] == ""
    assert settings["unix_socket_directories"] == connection.settings_dict["HOST"]
    assert settings["data_directory"].startswith(settings["unix_socket_directories"])
