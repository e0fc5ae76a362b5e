"""What each figure means, by example. The same examples are the manual, docs/figures.md."""

from dataclasses import dataclass, field

from fangxian.kernel.asof import AsOf

from .town import Town

ELSEWHERE = None  # "not counted here"
Expected = float | tuple[float, float] | None  # a value, (value, out of), or not counted here


@dataclass(frozen=True)
class Example:
    """Records, and what the figure must give at units; `excluded`: reason -> how many at the city."""

    figure: str
    lines: str
    expected: dict[str, Expected]
    told: str = ""
    at: AsOf = field(default_factory=Town.at)
    excluded: dict[str, int] = field(default_factory=dict)


def unit_figures() -> list[Example]:
    """Figures of units have no records but the town itself."""
    return [
        Example("command.zones", "", {"xw": 2, "hq": 2, "z1": 1, "s1": 0, "pb1": ELSEWHERE}),
        Example("command.temporary_branches", "", {"xw": 1, "z1": 1, "z2": 0}),
        Example("command.commando_teams", "", {"xw": 1, "z1": 1, "z2": 0}),
        Example("party.general_branches", "", {"xw": 1, "pc": 1, "lb": ELSEWHERE}),
        Example(
            "party.branches",
            "unit pb1 until 12",
            {"xw": 1, "pc": 1, "o1": 1, "s1": 0, "z2": 1},
            told="A branch that ended on the 12th does not exist on that day.",
        ),
        Example("league.general_branches", "", {"xw": 0, "pc": ELSEWHERE}),
        Example("league.branches", "", {"xw": 1, "s1": 1, "z1": 1, "lb": 1, "s2": 0}),
        Example("pioneers.brigades", "", {"xw": 1, "s1": 1, "br": 1, "k1": 0}),
        Example("pioneers.squadrons", "", {"xw": 1, "br": 1, "k1": 1, "lb": ELSEWHERE}),
        Example(
            "students.schools",
            "",
            {"xw": 2, "c1": 2, "s1": 1, "kg": 0, "z1": 2, "z2": 0, "pc": ELSEWHERE},
            told="A teaching point is a school here; a kindergarten is not.",
        ),
    ]


def people_figures() -> list[Example]:
    return [
        Example(
            "students.pupils",
            """
            post p1 pupil k1
            post p2 pupil k1 until 11
            post p2 pupil k2 from 11
            post p3 pupil kc
            post p4 pupil k1 from 13
            """,
            {"xw": 2, "k1": 1, "k2": 1, "s1": 1, "z1": 2, "kc": 0, "pb1": ELSEWHERE},
            told="Who moved is counted once, in the class of the day; kindergartens' pupils are not.",
        ),
        Example(
            "party.members",
            """
            post p1 party_member pb1
            post p1 party_member pb2
            post p2 party_member pb2
            post p3 party_member pb2
            merge p3 p2
            """,
            {"xw": 2, "pb1": 1, "pb2": 2, "s1": 1, "o1": 2, "z1": 1, "z2": 2, "lb": ELSEWHERE},
            told="Two posts of one person count once above both; whoever was merged is the other.",
        ),
        Example("league.members", "post p1 league_member lb", {"xw": 1, "lb": 1, "s1": 1, "pb1": ELSEWHERE}),
        Example("pioneers.members", "post p1 pioneer sq", {"xw": 1, "sq": 1, "br": 1, "k1": 1, "k2": 0}),
        Example(
            "command.commandos",
            """
            post p1 commando t1
            post p2 commando o1
            """,
            {"xw": 1, "t1": 1, "z1": 1, "o1": 0},
            told="A commando's post counts in a commando team alone.",
        ),
        Example(
            "staff.mobilised",
            """
            post p1 staff s1
            post p2 staff s1
            post p3 staff o1
            post p9 pupil k1
            report screening p9 in h1 by p1 outcome=reached
            report screening h2 by p1 outcome=no_answer
            report screening h3 by p3 outcome=refused
            retract 3
            """,
            {"xw": (1, 3), "s1": (1, 2), "o1": (0, 1)},
            told="Reporting twice counts once; a retracted report does not count.",
        ),
    ]


def paper_figures() -> list[Example]:
    return [
        Example(
            "party.oath_attendance",
            """
            post p1 party_member pb1
            post p2 party_member pb1 until 11
            post p3 party_member pb1
            report oath p1 unit pb1 attended=yes
            report oath p2 unit pb1 attended=yes
            report oath p3 unit pb1 attended=yes
            report oath p3 unit pb1 attended=no hour 10
            """,
            {"xw": 2, "pb1": 2, "s1": 2, "pb2": 0},
            told="The later answer holds; who has left the Party branch since counts where the oath was.",
        ),
        Example(
            "party.pledges_signed",
            """
            post p1 party_member pb2
            post p2 party_member pb2
            report pledge p1 unit pb2 signed=yes
            withdraw 1 on 11
            report pledge p1 unit pb2 on 12 signed=yes
            report pledge p2 unit pb2 signed=yes
            withdraw 3 on 12
            """,
            {"xw": 1, "pb2": 1, "o1": 1, "lb": ELSEWHERE},
            told="Withdrawn and signed again is one pledge; withdrawn on the day asked is none.",
        ),
        Example(
            "party.pledges_signed",
            """
            report pledge p1 unit pb2 signed=yes
            withdraw 1 on 12
            """,
            {"xw": 1},
            told="A day earlier it still held: withdrawing does not change the past.",
            at=Town.at(11),
        ),
        Example(
            "party.pledges_signed",
            """
            report pledge p1 unit pb2 signed=yes
            retract 1 known 9
            """,
            {"xw": 1},
            told="Retracting changes the past, but only for those who know of it: here not yet.",
            at=Town.at(12, position=8),
        ),
        Example(
            "supplies.delivered_value",
            """
            report supplies pb1 amount=1234.5
            report supplies pb2 amount=100.25 on 12
            report supplies pb2 amount=7 on 13
            """,
            {"xw": 1334.75, "pb1": 1234.5, "s1": 1234.5, "pb2": 100.25},
            told="A sum in CNY up to the day; tomorrow's delivery is not in it.",
        ),
        *(
            Example(
                f"supplies.{goods}_value",
                f"""
                report supplies pb1 goods={goods} amount=1234.5
                report supplies pb1 goods=other amount=100.25
                """,
                {"xw": 1234.5, "pb1": 1234.5, "s1": 1234.5, "pb2": 0},
            )
            for goods in ("masks", "disinfectant", "study_materials")
        ),
    ]


SCREENED = """
post p1 staff s1
post p2 pupil k1
member p1 h1
member p3 h1
member p2 h2
member p4 h2
"""


def screening_figures() -> list[Example]:
    return [
        Example(
            "screening.rounds",
            """
            post p1 pupil k1
            member p1 h1
            post p2 pupil k2
            member p2 h2
            round screening 1 opens 9 closes 11
            round screening 2 opens 10 closes 11 listed h1
            round screening 3 opens 12
            report screening h1 round 1 outcome=refused
            report screening h2 round 1 outcome=no_answer
            report screening h2 round 1 outcome=no_answer hour 10
            report screening h2 round 1 outcome=wrong_number hour 11
            report screening h1 round 2 outcome=no_answer
            report screening p1 round 3 in h1 outcome=reached on 12
            report screening p2 round 3 in h2 outcome=reached on 12
            """,
            {"xw": (1, 3), "k1": (1, 3), "k2": (1, 2), "o1": (0, 0)},
            told="Round 1 is complete: an outcome, and three failed attempts. Round 2 misses a household at "
            "one class; round 3 is open still.",
        ),
        Example(
            "screening.university_students_back_from_hubei",
            SCREENED
            + """
            report screening p4 in h2 outcome=reached place=hubei occupation=university returned_on=2020-01-20
            report screening p4 in h2 outcome=reached place=hubei occupation=university returned_on=2020-01-20
            verify 1
            report screening p3 in h1 outcome=reached place=hubei occupation=university returned_on=2020-01-21
            """,
            {"xw": 1, "k1": 1, "z1": 1, "z2": 0, "pb1": ELSEWHERE},
            excluded={"unverified": 1},
            told="Named twice, counted once, at the class of the household's pupil; the unverified is told "
            "apart.",
        ),
        Example(
            "leads.university_students_back_from_hubei",
            SCREENED
            + """
            report screening p3 in h1 outcome=reached place=hubei occupation=university returned_on=2020-01-21
            report screening p4 in h2 outcome=reached place=hubei occupation=university returned_on=2020-01-21
            report screening p4 in h2 outcome=reached place=none occupation=university on 11
            """,
            {"xw": 1, "s1": 1, "k1": 0},
            told="A lead stands by the latest answer: who took it back is none.",
        ),
        Example(
            "screening.university_students_back_from_hubei",
            SCREENED
            + """
            report screening p3 in h1 outcome=reached place=hubei occupation=university returned_on=2020-01-21
            report screening p4 in h2 outcome=reached place=hubei occupation=university returned_on=2020-01-21
            report screening p4 in h2 outcome=reached place=none occupation=university on 11
            report screening p2 in h2 outcome=reached place=none occupation=pupil
            """,
            {"xw": 0},
            excluded={"unverified": 1, "said-otherwise": 1},
            told="Why others are not in it: of those whom some answer would have put there alone.",
        ),
        Example(
            "screening.staff_from_hubei_or_contact",
            SCREENED
            + """
            report screening p1 in h1 outcome=reached place=hubei occupation=staff
            verify 1
            report screening p1 in h1 outcome=reached place=none occupation=staff on 11
            """,
            {"xw": 1, "s1": 1},
            told="A later answer that nobody verified does not take a person out.",
        ),
        Example(
            "screening.staff_from_hubei_or_contact",
            SCREENED
            + """
            report screening p1 in h1 outcome=reached place=none contact_hubei=yes occupation=staff
            verify 1
            report screening p1 in h1 outcome=reached place=none contact_hubei=no occupation=staff on 11
            verify 2
            """,
            {"xw": 0, "s1": 0},
            excluded={"said-otherwise": 1},
            told="A later verified one does.",
        ),
        Example(
            "screening.staff_from_hubei_or_contact",
            SCREENED
            + """
            report screening p1 in h1 outcome=reached place=hubei occupation=staff
            verify 1 how list
            """,
            {"xw": 1, "s1": 1},
            told="Another office's list says the same: that confirms an answer too.",
        ),
        Example(
            "screening.staff_from_hubei_or_contact",
            SCREENED
            + """
            report screening p1 in h1 outcome=reached place=hubei occupation=staff
            verify 1 how list until 5
            """,
            {"xw": 0, "s1": 0},
            excluded={"unverified": 1},
            told="The list was withdrawn, or its row is somebody else: what it alone confirmed falls.",
        ),
        Example(
            "leads.staff_from_hubei_or_contact",
            SCREENED
            + """
            report screening p1 in h1 outcome=reached place=hubei occupation=staff
            verify 1 how list until 5
            """,
            {"xw": 1, "s1": 1},
            told="And is to be verified again.",
        ),
        Example(
            "leads.staff_from_hubei_or_contact",
            SCREENED + "report screening p1 in h1 outcome=reached contact_hubei=yes",
            {"xw": 1, "s1": 1},
        ),
        Example(
            "screening.staff_family_from_hubei_or_contact",
            SCREENED
            + """
            report screening p3 in h1 outcome=reached place=hubei occupation=other
            report screening p4 in h2 outcome=reached place=hubei occupation=other
            verify 1
            verify 2
            """,
            {"xw": 1, "s1": 1},
            told="A member of a household with staff, who is not staff; of other households nobody.",
        ),
        Example(
            "leads.staff_family_from_hubei_or_contact",
            SCREENED + "report screening p3 in h1 outcome=reached place=hubei occupation=other",
            {"xw": 1},
        ),
        Example(
            "screening.staff_travelled_outside_province",
            SCREENED
            + """
            report screening p1 in h1 outcome=reached place=other_province purpose=tourism
            verify 1
            """,
            {"xw": 1, "s1": 1},
        ),
        Example(
            "leads.staff_travelled_outside_province",
            SCREENED + "report screening p1 in h1 outcome=reached place=other_province purpose=tourism",
            {"xw": 1},
        ),
        Example(
            "screening.teachers_native_of_hubei",
            SCREENED
            + """
            native p1 420106
            native p2 420106
            """,
            {"xw": 1, "s1": 1, "k1": 0},
            told="Staff alone; nothing is asked.",
        ),
        Example(
            "screening.students_on_internship_in_hubei",
            SCREENED
            + """
            report screening p2 in h2 outcome=reached place=hubei purpose=internship
            verify 1
            """,
            {"xw": 1, "k1": 1},
        ),
        Example(
            "leads.students_on_internship_in_hubei",
            SCREENED
            + """
            report screening p2 in h2 outcome=reached place=hubei purpose=internship
            verify 1
            """,
            {"xw": 0},
            told="Who is counted is no lead.",
        ),
        Example(
            "screening.any_category",
            SCREENED
            + """
            native p1 420106
            report screening p1 in h1 outcome=reached place=hubei
            report screening p2 in h2 outcome=reached place=hubei purpose=internship
            verify 1
            verify 2
            """,
            {"xw": 2, "s1": 2, "k1": 1},
            told="One person in two categories is one.",
        ),
    ]


BACK = (
    SCREENED
    + """
report screening p4 in h2 outcome=reached place=hubei occupation=university returned_on=2020-02-06
report screening p3 in h1 outcome=reached place=hubei occupation=other returned_on=2020-01-29
report screening p2 in h2 outcome=reached place=hubei occupation=pupil returned_on=2020-02-05 on 11
report screening p1 in h1 outcome=reached place=hubei occupation=staff
verify 1
verify 2
verify 3
verify 4
"""
)


def observation_figures() -> list[Example]:
    return [
        Example(
            "observed.all_returned",
            BACK,
            {"xw": 3, "s1": 3, "k1": 2, "pb1": ELSEWHERE},
            told="Who names no day of return is not back.",
        ),
        Example(
            "observed.all_returned",
            BACK + "report screening p4 in h2 outcome=reached place=none on 12\nverify 5",
            {"xw": 2},
            told="A later verified answer that says otherwise takes a person out.",
        ),
        Example("observed.away", BACK, {"xw": 1, "s1": 1, "k1": 0}),
        Example(
            "observed.all_within_14_days",
            BACK,
            {"xw": (2, 3), "k1": (2, 2)},
            told="On 12 February, the 29th of January is the first day that is past: 14 days have gone.",
        ),
        Example("observed.all_days_0_6", BACK, {"xw": (1, 3)}, told="Back on the 6th is six days ago."),
        Example("observed.all_days_7_13", BACK, {"xw": (1, 3)}, told="Back on the 5th is seven."),
        Example("observed.all_past", BACK, {"xw": (1, 3), "k1": (0, 2)}),
        Example(
            "observed.all_ill",
            BACK
            + """
            report screening p4 in h2 outcome=reached place=hubei temperature=37.3 symptoms=none on 12
            report screening p2 in h2 outcome=reached place=hubei temperature=36.5 symptoms=fever,cough on 11
            report screening p2 in h2 outcome=reached place=hubei temperature=36.5 symptoms=none on 12
            report screening p3 in h1 outcome=reached place=hubei temperature=39 on 12
            """,
            {"xw": (1, 2)},
            told="The last answer decides, verified or not; who is past observation is not asked about.",
        ),
        Example(
            "observed.all_not_reached",
            BACK + "report screening h2 outcome=no_answer on 12",
            {"xw": (1, 2)},
            told="Answered on the 11th is reached; only tried on the 12th is not.",
        ),
        Example("observed.students_returned", BACK, {"xw": 1, "k1": 1}),
        Example("observed.students_within_14_days", BACK, {"xw": (1, 1)}),
        Example("observed.students_days_0_6", BACK, {"xw": (1, 1)}),
        Example("observed.students_days_7_13", BACK, {"xw": (0, 1)}),
        Example("observed.students_past", BACK, {"xw": (0, 1)}),
        Example("observed.students_ill", BACK, {"xw": (0, 1)}),
        Example("observed.students_not_reached", BACK, {"xw": (1, 1)}),
    ]


RAISED = """
report difficulties s1 state=open due=2020-02-11
report difficulties s1 state=open due=2020-02-12
report difficulties s2 state=solved due=2020-02-10
report difficulties s2 state=open due=2020-02-10
retract 4
"""


def difficulty_figures() -> list[Example]:
    return [
        Example("difficulties.raised", RAISED, {"xw": 3, "s1": 2, "s2": 1, "z1": 3, "pb1": ELSEWHERE}),
        Example("difficulties.open", RAISED, {"xw": (2, 3), "s2": (0, 1)}),
        Example(
            "difficulties.overdue",
            RAISED,
            {"xw": (1, 2), "s1": (1, 2)},
            told="What is due on the day asked is not overdue yet.",
        ),
    ]


def inspection_figures() -> list[Example]:
    return [
        Example(
            "supervision.person_times",
            """
            report supervision s1 by p1 visit v1 level=city
            report supervision s1 by p1 visit v1 level=city
            report supervision s1 by p2 visit v1 level=city
            report supervision s2 by p1 visit v2 level=school
            """,
            {"xw": 3, "s1": 2, "s2": 1},
            told="Inspector times visit: a second report of the same visit adds nothing.",
        ),
        Example(
            "supervision.training_institutions",
            """
            round training-institutions 1
            report training-institutions i1 violations=0
            """,
            {"xw": (1, 2), "c1": (1, 1), "z2": (0, 1)},
        ),
        Example(
            "supervision.training_rounds",
            """
            round training-institutions 1
            round training-institutions 2 opens 10
            report training-institutions i1 round 1 violations=0
            report training-institutions i2 round 1 violations=0
            report training-institutions i1 round 2 violations=0
            """,
            {"xw": (1, 2), "i1": (2, 2), "i2": (1, 2)},
            told="Every institution must have been checked; at each unit its own are meant.",
        ),
        Example(
            "supervision.training_violations",
            """
            round training-institutions 1
            report training-institutions i1 violations=3
            report training-institutions i1 violations=2 hour 10
            """,
            {"xw": 2, "i1": 2, "i2": 0},
            told="Of one institution and round the later report holds.",
        ),
        Example(
            "supervision.venues_checked",
            """
            round sports-venues 1 listed v1
            report sports-venues v1 gatherings=0
            """,
            {"xw": 1, "v1": 1, "z2": 0},
        ),
        Example(
            "supervision.venue_gatherings",
            """
            round sports-venues 1 listed v1
            report sports-venues v1 gatherings=2
            """,
            {"xw": 2},
        ),
        Example(
            "environment.schools_disinfected",
            """
            unit s1-3 absent
            report disinfection s1-0 on 6 done=yes
            report disinfection s1-1 on 12 done=yes
            report disinfection s1-2 on 12 done=yes
            report disinfection s1-4 on 12 done=yes
            """,
            {"xw": (1, 2), "s1": (1, 1), "s2": (0, 1)},
            told="Five areas declared, one as none here, the others done within seven days; the teaching "
            "point has declared one area only and is missing.",
        ),
        Example(
            "environment.schools_disinfected",
            """
            unit s2-0 until 10
            report disinfection s1-0 on 5 done=yes
            report disinfection s1-1 on 12 done=yes
            report disinfection s1-2 on 12 done=yes
            report disinfection s1-3 on 12 done=yes
            report disinfection s1-4 on 12 done=yes
            """,
            {"xw": (0, 2), "s1": (0, 1)},
            told="The report of the 5th is too old on the 12th; a school that declares nothing is excluded.",
            excluded={"none-declared": 1},
        ),
        Example(
            "environment.hygiene_schools",
            "report hygiene s1 done=yes",
            {"xw": (1, 1), "s1": (1, 1), "s2": (0, 0)},
        ),
    ]


def coverage_figures() -> list[Example]:
    return [
        Example(
            "coverage.oath",
            """
            post p1 party_member pb1
            post p2 party_member pb1
            post p3 party_member pb1 until 11
            post p4 party_member pb1 from 11
            report oath p1 attended=yes
            report oath p3 attended=yes
            """,
            {"xw": (1, 2), "pb1": (1, 2), "s1": (1, 2), "pb2": (0, 0), "lb": ELSEWHERE},
            told="Who left and who joined since the opening are excluded, reported or not.",
            excluded={"left": 1, "joined": 1},
        ),
        Example(
            "coverage.double-five.branches",
            "report double-five pb1",
            {"xw": (1, 2), "s1": (1, 1), "z2": (0, 1)},
        ),
        Example(
            "coverage.double-five.members",
            """
            post p1 party_member pb1
            post p1 party_member pb2
            report double-five p1
            """,
            {"xw": (1, 1), "pb1": (1, 1), "pb2": (1, 1)},
        ),
        Example(
            "coverage.screening",
            """
            post p1 pupil k1
            post p2 staff s2
            member p1 h1
            member p2 h1
            member p2 h2
            round screening 1 opens 9
            round screening 2 opens 10 listed h1
            report screening h2 round 1 outcome=refused
            report screening p1 round 2 in h1 outcome=reached
            """,
            {"xw": (1, 1), "k1": (1, 1), "s2": (1, 1)},
            told="The latest round that has opened is meant: it asks one household, which counts at "
            "the units of all its members.",
        ),
        Example(
            "coverage.disinfection",
            """
            unit s1-3 absent
            report disinfection s1-0 on 12 done=yes
            report disinfection s1-1 on 11 done=yes
            report disinfection s1-2 on 10 done=yes
            """,
            {"xw": (2, 5), "s1": (2, 4), "s2": (0, 1)},
            told="Of a daily campaign the day itself, and here, where a report holds good for two days, the "
            "day before.",
        ),
        Example(
            "coverage.care",
            """
            post p1 pupil k1
            report care p1 need=illness
            """,
            {"xw": 1, "k1": 1, "k2": 0},
            told="Nobody owes a voluntary report: there is no denominator.",
        ),
    ]


EXAMPLES = [
    *unit_figures(),
    *people_figures(),
    *paper_figures(),
    *screening_figures(),
    *observation_figures(),
    *inspection_figures(),
    *difficulty_figures(),
    *coverage_figures(),
]
