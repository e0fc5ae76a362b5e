"""A city's roster of pupils, imported by the command that people use: read, checked, shown, stored.

    python benchmarks/import_roster.py [--rows 256557]

Prints each measure beside its limit, and beside a bare reading of the same file; the exit code is 1 where a
limit is missed. What storing takes is the whole command's time less that of reading, checking and showing.
Everybody in the roster is invented; the files lie in a temporary folder that is removed afterwards.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import xlsxwriter

ROWS, SHOWN, STORED, MEGABYTES = 256_557, 40, 60, 1_024
COMMAND = [sys.executable, "-c", "from fangxian.cli import main; main()"]
CENTRES, SCHOOLS, A_CLASS = 26, 781, 45
HEADINGS = ("姓名", "性别", "身份证号", "单位", "班级", "监护人", "监护人手机号", "关系", "入学日期")
_BARE = {
    ".xlsx": "import sys,python_calamine as c;b=c.load_workbook(sys.argv[1]);"
    "print(sum(1 for s in b.sheet_names for r in b.get_sheet_by_name(s).iter_rows()))",
    ".csv": "import sys,csv;print(sum(1 for r in csv.reader(open(sys.argv[1],encoding='utf-8-sig'))))",
}
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许", "子涵浩宇欣怡梓轩雨泽佳明思远若曦文博"


def units(rows: int) -> Iterator[tuple[str, str, str, str]]:
    """单位名称, 类别, 上级单位, 代码."""
    yield "城区教育体育局", "教育体育局", "", "b"
    for centre in range(CENTRES):
        yield f"第{centre}中心学校", "中心学校", "b", f"c{centre}"
    for school in range(SCHOOLS):
        yield f"第{school}小学", "小学", f"c{school % CENTRES}", f"s{school}"
    for place in range(-(-rows // A_CLASS)):
        yield f"{place // SCHOOLS + 1}班", "班级", f"s{place % SCHOOLS}", f"k{place}"


def pupils(rows: int) -> Iterator[tuple[str, ...]]:
    from fangxian.registry.id_numbers import check_digit

    for i in range(rows):
        place, odd = i // A_CLASS, i % 2
        stem = f"5398{81 + i // 400_000}{2004 + i % 10}{i // 10 % 12 + 1:02d}{i // 120 % 28 + 1:02d}"
        stem += f"{i // 3_360 % 500 * 2 + odd:03d}"
        family = i // 7 * 7 if i % 7 < 2 else i  # two of seven are siblings
        name = SURNAMES[family % 20] + GIVEN[i % 18] + GIVEN[i // 18 % 18]
        guardian = SURNAMES[family % 20] + GIVEN[family // 20 % 18]
        yield (
            name, "男" if odd else "女", stem + check_digit(stem), f"第{place % SCHOOLS}小学",
            f"{place // SCHOOLS + 1}班", guardian, f"100{family:08d}", "母亲", "2019-09-01",
        )  # fmt: skip


def write(folder: Path, rows: int) -> list[Path]:
    with (folder / "units.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("单位名称", "类别", "上级单位", "代码"), *units(rows)])
    with (folder / "pupils.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADINGS, *pupils(rows)])
    with xlsxwriter.Workbook(folder / "pupils.xlsx", {"constant_memory": True}) as book:
        sheet = book.add_worksheet("学生")
        sheet.write_row(0, 0, ["全市学生花名册"])
        for i, row in enumerate([HEADINGS, *pupils(rows)], start=1):
            for j, cell in enumerate(row):
                sheet.write_string(i, j, cell)
    return [folder / "pupils.xlsx", folder / "pupils.csv"]


def timed(words: list[str]) -> tuple[float, float, float]:
    """Seconds, of a processor, and megabytes at the peak of this one process."""
    start = time.perf_counter()
    told = {name: value for name, value in os.environ.items() if name != "FANGXIAN_POSTGRES"}
    child = subprocess.Popen(words, env=told, stdout=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(words[3:])}: exit code {child.returncode}")
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit


def fangxian(home: Path, *words: object) -> tuple[float, float, float]:
    return timed([*COMMAND, "--home", str(home), "--lang", "en", *map(str, words)])


def row(what: str, value: float, limit: float, more: str = "") -> bool:
    print(
        f"{what:<44}{value:>8,.1f}   limit {limit:>6,.0f}   {'within' if value <= limit else 'MISSED'}{more}"
    )
    return value <= limit


def beside(what: str, measured: tuple[float, float, float]) -> None:
    seconds, cpu, megabytes = measured
    print(f"{what:<44}{seconds:>8,.1f}   {cpu:,.1f} s of a processor, {megabytes:,.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    asked = parser.parse_args()
    fine = True
    with tempfile.TemporaryDirectory(prefix="fangxian-import-") as folder:
        files = write(Path(folder), asked.rows)
        for path in files:
            kind = path.suffix[1:]
            home = Path(folder) / f"home-{kind}"
            fangxian(home, "init")
            fangxian(home, "import", Path(folder) / "units.csv", "--kind", "units", "--yes")
            beside(f"{kind}: bare reading (s)", timed([sys.executable, "-c", _BARE[path.suffix], str(path)]))
            words = ("import", path, "--kind", "pupils")
            shown, cpu, peak = fangxian(home, *words, "--dry-run")
            more = f"   {cpu:,.1f} s of a processor"
            fine &= row(f"{kind}: read, checked, shown (s)", shown, SHOWN, more)
            fine &= row(f"{kind}: the same, memory at the peak (MB)", peak, MEGABYTES)
            stored, cpu, peak = fangxian(home, *words, "--yes")
            more = f"   {cpu:,.1f} s of a processor, {peak:,.0f} MB"
            fine &= row(f"{kind}: read, checked, shown, stored (s)", stored, SHOWN + STORED, more)
            fine &= row(f"{kind}: of it stored (s)", stored - shown, STORED)
            beside(f"{kind}: the same file again, all known (s)", fangxian(home, *words, "--dry-run"))
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
