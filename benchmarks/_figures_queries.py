"""The longer queries of the figures by hand: see `_figures_sql`."""

# How a screening answer, with what the registry says of its person, puts that person into a category.
NEAR_HUBEI = "(place = 'hubei' OR contact_hubei = 'yes')"
CATEGORIES = {
    "university_students_back_from_hubei": (
        "occupation = 'university' AND place = 'hubei' AND returned_on IS NOT NULL"
    ),
    "staff_from_hubei_or_contact": f"staff AND {NEAR_HUBEI}",
    "staff_family_from_hubei_or_contact": (
        f"NOT staff AND staff_in_household AND occupation = 'other' AND {NEAR_HUBEI}"
    ),
    "staff_travelled_outside_province": "staff AND place = 'other_province' AND purpose = 'tourism'",
    "students_on_internship_in_hubei": "pupil AND place = 'hubei' AND purpose = 'internship'",
}
NATIVES = "teachers_native_of_hubei"  # from the registry; Hubei is 42 in GB/T 2260
# What an answer says by itself in each of them: all others put nobody anywhere.
SUSPECT = f"{NEAR_HUBEI} OR (place = 'other_province' AND purpose = 'tourism')"


EXPECTED = {
    "screening": {
        "a_outcome": "string",
        "a_place": "string",
        "a_purpose": "string",
        "a_returned_on": "day",
        "a_contact_hubei": "string",
        "a_occupation": "string",
        "a_temperature": "float64",
        "a_symptoms": "strings",
    },
    "pledge": {"a_signed": "string"},
    "oath": {"a_attended": "string"},
    "disinfection": {"a_done": "string"},
    "hygiene": {"a_done": "string"},
    "training-institutions": {"a_violations": "int64"},
    "sports-venues": {"a_gatherings": "int64"},
    "supplies": {"a_amount": "float64", "a_goods": "string"},
    "difficulties": {"a_state": "string", "a_due": "day"},
}
ASKED = "coalesce(household, CASE subject_kind WHEN 'household' THEN subject END)"
SCREENING = """
    coalesce(s.household, CASE subject_kind WHEN 'household' THEN s.subject END) AS asked,
    a_outcome AS outcome, a_place AS place, a_purpose AS purpose, a_returned_on AS returned_on,
    a_contact_hubei AS contact_hubei, a_occupation AS occupation, s.day,
    coalesce(a_temperature >= 37.3, false)
        OR coalesce(len(a_symptoms) > 0 AND NOT list_contains(a_symptoms, 'none'), false) AS unwell"""
LIVE = {  # temporary tables
    "screening": "screening",
    "disinfection": "disinfection",
    "training-institutions": "institutions",
    "sports-venues": "venues",
}

# A chain of merges is followed to its end; of a circle the smallest is meant.
MERGED = """
WITH RECURSIVE step AS (
    SELECT person, arg_max("into", row) AS next FROM {merges} WHERE {holds} GROUP BY person
), walk AS (
    SELECT person, [person] AS path, next FROM step
    UNION ALL
    SELECT walk.person, list_append(path, walk.next), step.next
    FROM walk JOIN step ON step.person = walk.next WHERE NOT list_contains(path, walk.next)
)
SELECT person,
    CASE WHEN list_contains(path, next) THEN list_min(path[list_position(path, next):]) ELSE next END AS one
FROM walk WHERE list_contains(path, next) OR next NOT IN (SELECT person FROM step)"""

# The units that exist.
UNITS = """
SELECT unit, line, kind, code, parent, stage, absent
FROM (SELECT * FROM {unit_states} WHERE {holds})
    JOIN (SELECT unit, line, kind, code FROM {units}) USING (unit)"""

UP = """
WITH RECURSIVE up AS (
    SELECT unit, unit AS above, parent, 0 AS depth FROM units
    UNION ALL
    SELECT up.unit, units.unit, units.parent, depth + 1 FROM up JOIN units ON units.unit = up.parent
)
SELECT unit, above, depth FROM up"""

# The nearest host, and the zones of the nearest that a zone covers, going up.
ACROSS = """
WITH holding AS (SELECT * FROM {covers} WHERE {holds}),
hosts AS (SELECT covered, arg_max(coverer, row) AS host FROM holding WHERE kind = 'host' GROUP BY covered),
zones AS (SELECT covered, coverer AS zone FROM holding WHERE kind <> 'host')
SELECT unit, arg_min(host, depth) AS other FROM up JOIN hosts ON covered = above GROUP BY unit
UNION
SELECT unit, zone FROM (
    SELECT unit, zone FROM up JOIN zones ON covered = above
    QUALIFY rank() OVER (PARTITION BY unit ORDER BY depth) = 1
)"""

REACH = """
WITH RECURSIVE entries AS (
    SELECT unit AS leaf, unit AS entry FROM units
    UNION
    SELECT leaf, other FROM entries JOIN across ON unit = entry
)
SELECT DISTINCT leaf, above FROM entries JOIN up ON up.unit = entry"""

# States of units that were ever known, but of what was declared absent.
STATES = """
SELECT unit, kind, s.valid_from, s.valid_until, s.recorded, s.recorded_until,
    {holds} AS held
FROM (SELECT * FROM {unit_states} WHERE recorded <= {position} AND NOT absent) s
    JOIN (SELECT unit, kind FROM {units}) USING (unit)"""

# Posts that were ever known. `several`: the person has several rows of the role, pupil and staff taken as
# one, so may count at several units.
POSTS = """
WITH known AS (
    SELECT coalesce(one, p.person) AS person, unit, role,
        CASE WHEN role IN ('pupil', 'staff') THEN 'belonging' ELSE role END AS part,
        valid_from, valid_until, recorded, recorded_until, {holds} AS held
    FROM {posts} p LEFT JOIN merged ON merged.person = p.person WHERE recorded <= {position}
), often AS (SELECT person, part FROM known GROUP BY ALL HAVING count(*) > 1)
SELECT known.* EXCLUDE (part), often.person IS NOT NULL AS several
FROM known LEFT JOIN often USING (person, part)"""

MEMBERSHIPS = """
SELECT household, coalesce(one, p.person) AS person, valid_from, valid_until, recorded, recorded_until,
    {holds} AS held
FROM {memberships} p LEFT JOIN merged ON merged.person = p.person WHERE recorded <= {position}"""

# Memberships and posts of one person, where both hold.
HOUSEHOLD_POSTS = """
WITH both_hold AS (
    SELECT household, unit, role, greatest(m.valid_from, p.valid_from) AS valid_from,
        least(m.valid_until, p.valid_until) AS valid_until, greatest(m.recorded, p.recorded) AS recorded,
        least(m.recorded_until, p.recorded_until) AS recorded_until, m.held AND p.held AS held
    FROM memberships m JOIN posts p USING (person) WHERE role IN ('pupil', 'staff')
), often AS (SELECT household FROM both_hold GROUP BY household HAVING count(*) > 1)
SELECT both_hold.*, often.household IS NOT NULL AS several FROM both_hold LEFT JOIN often USING (household)"""

# Answers of those who were reached, and who said anything by which somebody is in a category; with what the
# registry says of them.
ANSWERS = f"""
WITH suspects AS (
    SELECT DISTINCT subject FROM screening
    WHERE subject_kind = 'person' AND outcome = 'reached' AND ({SUSPECT})
), own AS (
    SELECT person, bool_or(role = 'staff') AS staff, bool_or(role = 'pupil') AS pupil
    FROM posts WHERE held AND role IN ('pupil', 'staff') AND person IN (FROM suspects) GROUP BY person
), households AS (
    SELECT DISTINCT household FROM memberships WHERE held AND person IN (FROM suspects)
), near AS (
    SELECT DISTINCT household FROM memberships SEMI JOIN households USING (household)
    WHERE held AND person IN (SELECT person FROM posts WHERE held AND role = 'staff')
), in_household AS (
    SELECT DISTINCT person FROM memberships SEMI JOIN near USING (household) WHERE held
)
SELECT submission, subject AS person, happened, recorded, place, purpose, returned_on, contact_hubei,
    occupation, coalesce(staff, false) AS staff, coalesce(pupil, false) AS pupil,
    in_household.person IS NOT NULL AS staff_in_household
FROM screening SEMI JOIN suspects USING (subject)
    LEFT JOIN own ON own.person = subject LEFT JOIN in_household ON in_household.person = subject
WHERE subject_kind = 'person' AND outcome = 'reached'"""

LATEST = """SELECT * FROM {rows}
QUALIFY row_number() OVER (PARTITION BY person ORDER BY happened DESC, recorded DESC, submission DESC) = 1"""

# Of people in categories, or observed: their posts as pupil or staff, or else those of their households'
# members.
HOMES = """
WITH own AS (
    SELECT person, unit FROM posts WHERE held AND role IN ('pupil', 'staff')
        AND person IN (SELECT person FROM {people})
)
SELECT * FROM own
UNION
SELECT m.person, h.unit FROM memberships m JOIN household_posts h USING (household)
WHERE m.held AND h.held AND m.person IN (SELECT person FROM {people})
    AND m.person NOT IN (SELECT person FROM own)"""

# All answers about those of whom one ever said Hubei; and of whose latest verified one says so, how many days
# they have been back, whether their last answer tells an illness, and how long ago it came.
HUBEI = """
SELECT subject AS person, submission, happened, recorded, day, place, returned_on, occupation, unwell
FROM screening WHERE subject_kind = 'person' AND outcome = 'reached' AND subject IN (
    SELECT subject FROM screening
    WHERE subject_kind = 'person' AND outcome = 'reached' AND place = 'hubei'
)"""
OBSERVED = """
WITH last AS (
    SELECT person, arg_max(unwell, (happened, recorded, submission)) AS unwell, max(day) AS told
    FROM hubei GROUP BY person
)
SELECT person, occupation = 'university' AS student, DATE '{day}' - returned_on AS back,
    last.unwell, DATE '{day}' - told AS quiet
FROM ({latest}) JOIN last USING (person) WHERE place = 'hubei'"""
OBSERVED_PARTS = {  # value, of
    "returned": ("true", ""),
    "within_14_days": ("back < 14", "true"),
    "days_0_6": ("back < 7", "true"),
    "days_7_13": ("back BETWEEN 7 AND 13", "true"),
    "past": ("back >= 14", "true"),
    "ill": ("unwell", "back < 14"),
    "not_reached": ("quiet >= 2", "back < 14"),
}

REVISED = """
SELECT DISTINCT submission FROM {revisions} WHERE recorded <= {position}
    AND (kind IN ('superseded', 'retracted') OR kind = 'withdrawn' AND day <= DATE '{day}')"""

VERIFIED = """
SELECT DISTINCT submission FROM {verifications}
WHERE recorded <= {position} AND (recorded_until IS NULL OR recorded_until > {position})"""

# ------------------------------------------------------------------------------ of single figures

MOBILISED = """
SELECT id, unit, several, reporter IS NOT NULL AS value, 1 AS of
FROM ({staff}) LEFT JOIN (SELECT DISTINCT reporter FROM screening) ON reporter = id"""

SCHOOLS_DISINFECTED = """
WITH last AS (
    SELECT subject AS area, arg_max(done, (happened, recorded, submission)) = 'yes' AS done
    FROM disinfection WHERE subject_kind = 'unit' AND day >= DATE '{since}' GROUP BY subject
), declared AS (
    SELECT parent AS school, count(DISTINCT stage) AS kinds, bool_and(absent OR coalesce(done, false)) AS done
    FROM units LEFT JOIN last ON area = unit WHERE kind = 'key_area' GROUP BY parent
)
SELECT unit AS id, unit, false AS several, coalesce(kinds >= 5 AND done, false) AS value, 1 AS of,
    school IS NULL AS "none-declared"
FROM units LEFT JOIN declared ON school = unit WHERE kind IN ('school', 'teaching_point') AND NOT absent"""

UNDER = """unit IN (
    WITH RECURSIVE held AS (
        SELECT unit, code, parent
        FROM (SELECT * FROM {unit_states} WHERE {holds}) JOIN (SELECT unit, code FROM {units}) USING (unit)
    ), down AS (
        SELECT unit FROM held WHERE code = {code}
        UNION
        SELECT held.unit FROM held JOIN down ON held.parent = down.unit
    ) SELECT unit FROM down)"""

COVERAGE_OF_UNITS = """
WITH asked AS (
    SELECT unit AS id, bool_or({opening}) AS was, bool_or({today}) AS still
    FROM states WHERE {asked} GROUP BY unit
), records AS (
    SELECT id, id AS unit, false AS several, was AND still AND reported.id IS NOT NULL AS value,
        was AND still AS of, was AND NOT still AS "left", still AND NOT was AS joined
    FROM asked {listed} LEFT JOIN ({reported}) reported USING (id)
)"""

COVERAGE_OF_PEOPLE = """
WITH asked AS (
    SELECT * FROM (
        SELECT {subject} AS id, unit, {several} AS several, {opening} AS opening, {today} AS today
        FROM {table} WHERE {asked}
    ) {listed}
), often AS (
    SELECT id, bool_or(opening) AS was, bool_or(today) AS still FROM asked WHERE several GROUP BY id
), records AS (
    SELECT id, unit, several, today AND was AND reported.id IS NOT NULL AS value, today AND was AS of,
        opening AND NOT still AS "left", today AND NOT was AS joined
    FROM (
        SELECT *, opening AS was, today AS still FROM asked WHERE NOT several
        UNION ALL
        SELECT asked.*, was, still FROM asked JOIN often USING (id) WHERE several
    ) LEFT JOIN ({reported}) reported USING (id)
)"""

HOLDS_AT_OPENING = """(recorded <= w.position AND (recorded_until IS NULL OR recorded_until > w.position)
        AND valid_from <= w.day AND (valid_until IS NULL OR valid_until > w.day))"""

# A round is complete at a unit where it asks somebody, at the opening and still, and misses none of them.
ROUNDS = """
, was AS (SELECT DISTINCT number, id FROM candidates WHERE opening AND several),
at_units AS (
    SELECT number, c.unit, bool_or((c.id, number) NOT IN (FROM settled)) AS missing
    FROM candidates c WHERE today AND (opening OR (number, c.id) IN (FROM was)) GROUP BY number, c.unit
), by_round AS (
    SELECT above AS unit, number, bool_or(missing) AS missing
    FROM at_units JOIN reach ON leaf = at_units.unit GROUP BY above, number
)
SELECT unit, count(*) FILTER (NOT missing AND closed) AS value, count(number) AS of
FROM units LEFT JOIN (by_round JOIN windows USING (number)) USING (unit)
WHERE line IN {lines} GROUP BY unit"""

# A household is settled in a round by an outcome or by three failed attempts.
SCREENING_ROUNDS = f"""
WITH {{windows}}, settled AS (
    SELECT asked AS id, round FROM screening WHERE asked IS NOT NULL GROUP BY ALL
    HAVING count(*) FILTER (outcome IN ('reached', 'refused')) > 0
        OR count(*) FILTER (outcome IN ('no_answer', 'wrong_number')) >= 3
), listed AS (
    SELECT DISTINCT number, subject AS id FROM {{round_members}}
    WHERE recorded <= {{position}}
        AND campaign IN (SELECT campaign FROM {{campaigns}} WHERE code = 'screening')
), candidates AS (
    SELECT number, household AS id, unit, several, held AS today, {{opening}} AS opening
    FROM windows w, household_posts WHERE NOT listed
    UNION ALL
    SELECT number, household AS id, unit, several, held AS today, {{opening}} AS opening
    FROM windows w JOIN listed USING (number) JOIN household_posts ON household = listed.id WHERE w.listed
){ROUNDS}"""

TRAINING_ROUNDS = f"""
WITH {{windows}}, settled AS (
    SELECT DISTINCT subject AS id, round FROM institutions WHERE subject_kind = 'unit'
), candidates AS (
    SELECT number, unit AS id, unit, true AS several, held AS today, {{opening}} AS opening
    FROM windows w, states WHERE kind = 'institution' AND NOT listed
){ROUNDS}"""
