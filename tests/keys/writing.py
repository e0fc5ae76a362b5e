"""`python -m tests.keys.writing FILE FIRST`: enrols people one by one, looks each up again at once, and some
of all before, until the file is there; says how many. Fails where one is not found or not readable."""

import random
import sys
from datetime import timedelta
from pathlib import Path


def number_of(at: int) -> str:
    return f"99{at:016d}"


def phone_of(at: int) -> str:
    return f"100{at:08d}"


def main(stop: Path, first: int) -> int:
    from fangxian.kernel.changes import head_position
    from fangxian.registry.actions import NewPerson, enrol, find_person
    from fangxian.registry.models import Person
    from fangxian.registry.queries import whole
    from fangxian.web import clock

    chance, known = random.Random(first), {}
    surrogates = dict(Person.objects.values_list("pk", "surrogate"))
    while not stop.exists():
        at = first + len(known)
        new = NewPerson(f"人{at}", id_number=number_of(at), phone=phone_of(at))
        [known[at]] = enrol(people=[new], by="test", now=clock.latest() + timedelta(seconds=1))
        for one in {at, chance.choice(list(known)), chance.choice(list(known))}:
            name = f"人{one}"
            assert find_person(NewPerson(name, id_number=number_of(one))) == known[one], one
            assert find_person(NewPerson(name, phone=phone_of(one))) == known[one], one
            assert whole(known[one], "id_number", head_position()) == number_of(one)
            assert whole(known[one], "phone", head_position()) == phone_of(one)
    assert surrogates.items() <= dict(Person.objects.values_list("pk", "surrogate")).items()
    return len(known)


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(str(main(Path(sys.argv[1]), int(sys.argv[2]))))
