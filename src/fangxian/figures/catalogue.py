"""The catalogue: each figure of the city, declared by a short function whose docstring is its definition."""

import narwhals as nw

from fangxian.kernel.moments import day_of
from fangxian.screening.rules import Category, load_rules

from . import definitions, observed, screened  # noqa: F401 - observed declares its own
from .coverage import coverage_figure, coverage_figures
from .facts import Facts, Window
from .figure import ADMINISTRATIVE, CATALOGUE, GROUPS, Figure, figure
from .frames import Frame
from .kinds import Amount, Documents, Events, People, Rounds, Units
from .reach import SCHOOLS

PARTY = ("party", *ADMINISTRATIVE)
LEAGUE = ("league", *ADMINISTRATIVE)
PIONEERS = ("pioneers", *ADMINISTRATIVE)
AREAS = 5  # classrooms, canteen, toilets, dormitory, entrance
DISINFECTED_WITHIN = 7  # days, the day asked included
FAILED_ATTEMPTS = 3  # after so many a household needs no outcome for its round to be complete

__all__ = ["CATALOGUE", "GROUPS", "Figure", "figures", "find", "name"]


def figures(facts: Facts) -> dict[str, Figure]:
    """All figures as of a time: the city's, and the coverage of each campaign that had been launched."""
    return CATALOGUE | coverage_figures(facts.campaigns.values())


def find(id: str) -> Figure:
    """A figure by its id, by what the ledger knows now. Raises UnknownFigure."""
    found = CATALOGUE.get(id) or coverage_figure(id)
    if found is None:
        raise definitions.unknown(id)
    return found


def name(id: str) -> str:
    """What a figure is called, in the language that is active. Raises UnknownFigure."""
    return find(id).name


def _is(column: str, value: str) -> nw.Expr:
    return (nw.col(column) == value).fill_null(False)


# ------------------------------------------------------------------------------------ command, supplies


@figure("command.zones", zh="战区", en="Zones")
def zones(facts: Facts) -> Units:
    """Zones of the response line that exist on the day."""
    return Units(facts.units_of("zone"))


@figure("command.temporary_branches", zh="临时党支部", en="Temporary Party branches")
def temporary_branches(facts: Facts) -> Units:
    """Temporary Party branches of the zones."""
    return Units(facts.units_of("temporary_branch"))


@figure("command.commando_teams", zh="党员突击队", en="Commando teams")
def commando_teams(facts: Facts) -> Units:
    """Commando teams of the zones."""
    return Units(facts.units_of("commando_team"))


@figure("command.commandos", zh="突击队员", en="Commandos")
def commandos(facts: Facts) -> People:
    """Persons with a commando's post in a commando team on the day."""
    return People(facts.posts("commando").join(facts.units_of("commando_team"), on="unit", how="semi"))


@figure(
    "supplies.delivered_value",
    zh="送达中心学校的防护口罩、消毒药品和学习资料价值",
    en="Value of masks, disinfectants and study materials delivered to centre schools (CNY)",
    lines=PARTY,
)
def delivered_value(facts: Facts) -> Amount:
    """The sum of the values, in CNY, of all deliveries that Party organisations have received by the day."""
    deliveries = facts.live("supplies").filter(~nw.col("a_amount").is_null())
    return Amount(_of_submissions(deliveries).select("id", "unit", contribution="a_amount"))


def _goods(code: str, zh: str, en: str) -> None:
    def count(facts: Facts) -> Amount:
        deliveries = facts.live("supplies").filter(~nw.col("a_amount").is_null(), _is("a_goods", code))
        return Amount(_of_submissions(deliveries).select("id", "unit", contribution="a_amount"))

    count.__doc__ = (
        f"The sum of the values, in CNY, of all deliveries of {en} that Party organisations have received by "
        "the day."
    )
    declare = figure(
        f"supplies.{code}_value", zh=f"收到{zh}价值", en=f"Value of {en} received (CNY)", lines=PARTY
    )
    declare(count)


_goods("masks", "防护口罩", "masks")
_goods("disinfectant", "消毒药品", "disinfectants")
_goods("study_materials", "学习资料", "study materials")


def _of_submissions(sheets: Frame) -> Frame:
    """id: the submission; its unit is that of its subject on the day on which it happened."""
    return sheets.filter(~nw.col("unit").is_null()).with_columns(id=nw.col("submission"))


# ------------------------------------------------------------------------------------ Party line


@figure("party.oath_attendance", zh="2月10日主题党日宣誓党员", en="Party members at the oath", lines=PARTY)
def oath_attendance(facts: Facts) -> People:
    """Persons whose latest live answer says that they attended the oath. They count under their Party
    branch of the day asked, or where they have none any more, under that of the oath."""
    attended = facts.latest("oath").filter(_is("a_attended", "yes"), _is("subject_kind", "person"))
    then = attended.select("unit", id="subject", because="submission")
    now = facts.posts("party_member").join(then.select("id"), on="id", how="semi").select("id", "unit")
    gone = then.join(now.select("id"), on="id", how="anti").filter(~nw.col("unit").is_null())
    return People(nw.concat([now, gone.select("id", "unit")]), because=then.select("id", "because"))


@figure("party.pledges_signed", zh="疫情防控承诺书", en="Pledges signed", lines=PARTY)
def pledges_signed(facts: Facts) -> Documents:
    """Pledges that are signed and neither retracted nor withdrawn by the day: of each signer the latest."""
    signed = facts.latest("pledge").filter(_is("a_signed", "yes"))
    sheets = _of_submissions(signed)
    return Documents(sheets.select("id", "unit"), because=sheets.select("id", because="submission"))


@figure("party.general_branches", zh="党总支", en="Party general branches", lines=PARTY)
def party_general_branches(facts: Facts) -> Units:
    """Party general branches that exist on the day."""
    return Units(facts.units_of("party_general_branch"))


@figure("party.branches", zh="党支部", en="Party branches", lines=PARTY)
def party_branches(facts: Facts) -> Units:
    """Party branches that exist on the day; temporary ones are counted on their own."""
    return Units(facts.units_of("party_branch"))


@figure("party.members", zh="党员", en="Party members", lines=PARTY)
def party_members(facts: Facts) -> People:
    """Persons with a Party member's post on the day."""
    return People(facts.posts("party_member"))


# ------------------------------------------------------------------------------------ staff, screening


@figure("staff.mobilised", zh="教职工", en="Staff who took part in the screening")
def staff_mobilised(facts: Facts) -> People:
    """Staff of the day, each once, who reported at least one live answer sheet of the screening, in any
    round; out of all staff of the day."""
    staff = facts.posts("staff").select("id", "unit")
    reported = facts.live("screening").filter(~nw.col("reporter").is_null())
    sheets = reported.select(id="reporter", because="submission")
    return People(staff.join(sheets.select("id").unique("id"), on="id", how="semi"), of=staff, because=sheets)


@figure("screening.rounds", zh="排查工作次数", en="Screening rounds completed")
def screening_rounds(facts: Facts) -> Rounds:
    """Rounds of the screening that have closed by the moment and in which every household that was asked,
    and is still asked on the day, has an outcome (reached or refused) or three failed attempts; out of the
    rounds that have opened."""
    settled = facts.kept("screening settled", lambda: _settled(facts))
    return _complete_rounds(facts, "screening", settled, must_close=True)


def _settled(facts: Facts) -> Frame:
    """id (household), round: with an outcome, or with so many failed attempts."""
    own = nw.when(nw.col("subject_kind") == "household").then(nw.col("subject"))
    sheets = facts.live("screening").with_columns(id=nw.coalesce(nw.col("household"), own))
    tried = (
        sheets.filter(~nw.col("id").is_null())
        .with_columns(
            outcomes=nw.col("a_outcome").is_in(["reached", "refused"]).cast(nw.Int64),
            failures=nw.col("a_outcome").is_in(["no_answer", "wrong_number"]).cast(nw.Int64),
        )
        .group_by("id", "round")
        .agg(nw.col("outcomes").sum(), nw.col("failures").sum())
    )
    done = (nw.col("outcomes") > 0) | (nw.col("failures") >= FAILED_ATTEMPTS)
    return tried.filter(done).select("id", "round")


def _complete_rounds(facts: Facts, code: str, settled: Frame, *, must_close: bool) -> Rounds:
    """Of a campaign's rounds: whom each asked; where it is to close first, which are open still."""
    campaign = facts.campaigns.get(code)
    rounds = facts.rounds(code) if campaign else []
    asked = {w.number: facts.asked(campaign, campaign.selectors[0], w) for w in rounds if campaign}
    still_open = [w.number for w in rounds if must_close and not _has_closed(facts, w)]
    return Rounds(asked, settled, still_open)


def _has_closed(facts: Facts, window: Window) -> bool:
    closes, at = window.closes, facts.at
    return closes is not None and closes <= at.known_by and day_of(closes) <= at.day


def _category(rule: Category) -> None:
    """Each rule gives a figure, and where answers are asked one of leads."""
    if rule.from_registry:
        counted = (
            f"Staff of the day whose native place begins with {rule.native_place}, each person once. "
            "An attribute from the registry, not a risk."
        )
    else:
        counted = (
            "Persons, each once, whose latest live verified answer of the screening puts them into this "
            "category; a later verified answer that says otherwise takes them out, an unverified one not."
        )

    def count(facts: Facts) -> People:
        return screened.category(facts, rule)

    def lead(facts: Facts) -> People:
        """Persons whose latest live answer would put them into the category, but who are not counted in it
        because no verified answer says so. To be called again; never part of the issued figure."""
        return screened.leads(facts, rule)

    count.__doc__ = counted
    figure(f"screening.{rule.id}", zh=rule.zh, en=rule.en)(count)
    if not rule.from_registry:
        figure(f"leads.{rule.id}", zh=f"待核实：{rule.zh}", en=f"To be verified: {rule.en}")(lead)


for _rule in load_rules():
    _category(_rule)


@figure("screening.any_category", zh="重点人员合计", en="People in any of the categories")
def any_category(facts: Facts) -> People:
    """Persons who are in at least one category of the screening rules, each once: the categories overlap."""
    return screened.union(facts)


# ------------------------------------------------------------------------------------ supervision


@figure("supervision.person_times", zh="市、乡、校三级督促检查人次", en="Person-times of supervision")
def person_times(facts: Facts) -> Events:
    """Inspector times visit, by the reports of school visits at the three levels up to the day: an inspector
    who brings several reports of one visit counts once for it."""
    sheets = facts.live("supervision").filter(~nw.col("unit").is_null())
    visit = nw.coalesce(nw.col("envelope"), -nw.col("submission")).cast(nw.String)
    inspector = nw.coalesce(nw.col("reporter"), nw.lit(0)).cast(nw.String)
    keyed = sheets.with_columns(id=nw.concat_str(visit, nw.lit(":"), inspector))
    return Events(keyed.select("id", "unit"), because=keyed.select("id", because="submission"))


@figure("supervision.training_institutions", zh="校外教育培训机构", en="Training institutions checked")
def training_institutions(facts: Facts) -> Units:
    """Training institutions that exist on the day and were checked at least once; out of all of them."""
    return _reported_units(facts, facts.latest("training-institutions"), "institution", of=True)


@figure(
    "supervision.training_rounds",
    zh="校外培训机构检查轮次",
    en="Rounds in which every training institution was checked",
)
def training_rounds(facts: Facts) -> Rounds:
    """Inspection rounds in which every institution that was asked, and still is on the day, was checked; out
    of the rounds that have opened."""
    checked = facts.latest("training-institutions").filter(_is("subject_kind", "unit"))
    settled = checked.select("round", id="subject")
    return _complete_rounds(facts, "training-institutions", settled, must_close=False)


@figure("supervision.training_violations", zh="违规补课行为", en="Violations found at training institutions")
def training_violations(facts: Facts) -> Amount:
    """The sum of the violations in the latest live report of each institution and round."""
    return _findings(facts, "training-institutions", "a_violations")


@figure("supervision.venues_checked", zh="抽查体育场馆", en="Sports venues checked")
def venues_checked(facts: Facts) -> Units:
    """Sports venues that exist on the day and were checked."""
    return _reported_units(facts, facts.latest("sports-venues"), "venue")


@figure("supervision.venue_gatherings", zh="聚集性体育活动", en="Gatherings found at sports venues")
def venue_gatherings(facts: Facts) -> Amount:
    """The sum of the gatherings in the latest live report of each venue and round."""
    return _findings(facts, "sports-venues", "a_gatherings")


def _reported_units(facts: Facts, sheets: Frame, kind: str, *, of: bool = False) -> Units:
    units = facts.units_of(kind)
    reports = sheets.filter(_is("subject_kind", "unit")).select(id="subject", because="submission")
    done = units.join(reports.select("id").unique("id"), on="id", how="semi")
    return Units(done, of=units if of else None, because=reports)


def _findings(facts: Facts, code: str, question: str) -> Amount:
    found = _of_submissions(facts.latest(code).filter(~nw.col(question).is_null()))
    return Amount(
        found.select("id", "unit", contribution=question), because=found.select("id", because="submission")
    )


# ------------------------------------------------------------------------------------ environment


@figure(
    "environment.schools_disinfected",
    zh="重点部位、重点场所消毒杀菌实现全覆盖的学校",
    en="Schools whose key areas are all disinfected",
)
def schools_disinfected(facts: Facts) -> Units:
    """Schools and teaching points, out of all of them, that have declared all five key areas (one may be
    declared as none here) and of whose present ones each was, by its latest live report, disinfected within
    the last seven days. One that has declared none is excluded, never counted."""
    schools = facts.units_of(*SCHOOLS)
    areas = facts.units.filter(nw.col("kind") == "key_area").select(
        "stage", "absent", area="unit", id="parent"
    )
    done = facts.latest("disinfection", within_days=DISINFECTED_WITHIN).filter(_is("a_done", "yes"))
    reports = done.select(area="subject", because="submission")
    undone = areas.filter(~nw.col("absent")).join(reports.select("area"), on="area", how="anti")
    kinds = areas.unique(["id", "stage"]).group_by("id").agg(kinds=nw.len())
    declared = schools.join(kinds.filter(nw.col("kinds") >= AREAS), on="id", how="semi")
    return Units(
        declared.join(undone, on="id", how="anti"),
        of=schools,
        excluded={"none-declared": schools.join(areas, on="id", how="anti")},
        because=reports.join(areas, on="area").select("id", "because"),
    )


@figure("environment.hygiene_schools", zh="开展爱国卫生运动的中小学校", en="Schools in the hygiene campaign")
def hygiene_schools(facts: Facts) -> Units:
    """Primary and secondary schools (teaching points aside) that report the hygiene campaign as done; out of
    all of them."""
    done = facts.latest("hygiene").filter(_is("a_done", "yes"))
    return _reported_units(facts, done, "school", of=True)


# ------------------------------------------------------------------------------------ League, Pioneers


@figure("league.general_branches", zh="团总支", en="League general branches", lines=LEAGUE)
def league_general_branches(facts: Facts) -> Units:
    """Youth League general branches that exist on the day."""
    return Units(facts.units_of("league_general_branch"))


@figure("league.branches", zh="团支部", en="League branches", lines=LEAGUE)
def league_branches(facts: Facts) -> Units:
    """Youth League branches that exist on the day."""
    return Units(facts.units_of("league_branch"))


@figure("league.members", zh="共青团员", en="League members", lines=LEAGUE)
def league_members(facts: Facts) -> People:
    """Persons with a League member's post on the day."""
    return People(facts.posts("league_member"))


@figure("pioneers.brigades", zh="少先队大队", en="Pioneer brigades", lines=PIONEERS)
def brigades(facts: Facts) -> Units:
    """Young Pioneer brigades that exist on the day."""
    return Units(facts.units_of("brigade"))


@figure("pioneers.squadrons", zh="少先队中队", en="Pioneer squadrons", lines=PIONEERS)
def squadrons(facts: Facts) -> Units:
    """Young Pioneer squadrons that exist on the day."""
    return Units(facts.units_of("squadron"))


@figure("pioneers.members", zh="少先队员", en="Young Pioneers", lines=PIONEERS)
def pioneers(facts: Facts) -> People:
    """Persons with a Young Pioneer's post on the day."""
    return People(facts.posts("pioneer"))


# ------------------------------------------------------------------------------------ students


@figure("students.schools", zh="中小学校", en="Primary and secondary schools")
def schools(facts: Facts) -> Units:
    """Schools and teaching points that exist on the day; kindergartens are not among them."""
    return Units(facts.units_of(*SCHOOLS))


@figure("students.pupils", zh="中小学生", en="Pupils")
def pupils(facts: Facts) -> People:
    """Persons with a pupil's post on the day in a school or teaching point, or a class of one."""
    inside = facts.units.filter(~nw.col("school").is_null()).select("unit")
    return People(facts.posts("pupil").join(inside, on="unit", how="semi"))


# ------------------------------------------------------------------------------------ difficulties


@figure("difficulties.raised", zh="学校提出的困难问题", en="Difficulties that schools raised")
def difficulties_raised(facts: Facts) -> Documents:
    """Difficulties that schools have raised by the day and not taken back, solved or not."""
    return Documents(_of_submissions(facts.live("difficulties")).select("id", "unit"))


@figure("difficulties.open", zh="尚未解决的困难问题", en="Difficulties that are open")
def difficulties_open(facts: Facts) -> Documents:
    """Of the difficulties raised, those of which the latest report does not say that they are solved."""
    raised = _of_submissions(facts.live("difficulties"))
    unsolved = raised.filter(~_is("a_state", "solved"))
    return Documents(unsolved.select("id", "unit"), of=raised.select("id", "unit"))


@figure("difficulties.overdue", zh="逾期未解决的困难问题", en="Difficulties that are overdue")
def difficulties_overdue(facts: Facts) -> Documents:
    """Of the difficulties that are open, those whose day was before the day asked."""
    raised = _of_submissions(facts.live("difficulties"))
    unsolved = raised.filter(~_is("a_state", "solved"))
    late = unsolved.filter((nw.col("a_due") < facts.at.day).fill_null(False))
    return Documents(late.select("id", "unit"), of=unsolved.select("id", "unit"))
