"""The fonts of an official paper, each with what stands in for it where a machine lacks it.

The names that GB/T 9704 offices use come first; then what Windows, macOS and Linux bring along.
"""

import os
from functools import cache

import typst

from .problems import ChineseFontsMissing

_SERIF = ("Noto Serif CJK SC", "Source Han Serif SC", "Noto Sans CJK SC", "Source Han Sans SC")
_SANS = ("Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Zen Hei", "Noto Serif CJK SC")

STACKS: dict[str, tuple[str, ...]] = {
    "fangsong": ("仿宋_GB2312", "FangSong_GB2312", "FangSong", "STFangsong", "SimSun", *_SERIF),
    "biaosong": ("方正小标宋简体", "FZXiaoBiaoSong-B05S", "STZhongsong", "SimSun", *_SERIF),
    "heiti": ("黑体", "SimHei", "STHeiti", "PingFang SC", "Microsoft YaHei", *_SANS),
    "kaiti": ("楷体_GB2312", "KaiTi_GB2312", "KaiTi", "STKaiti", *_SERIF),
    "songti": ("宋体", "SimSun", "STSong", *_SERIF),
}


@cache
def found() -> typst.Fonts:
    """The machine's fonts and those of the folder FANGXIAN_FONTS; read once a process."""
    extra = os.environ.get("FANGXIAN_FONTS")
    return typst.Fonts(include_system_fonts=True, font_paths=[extra] if extra else [])


def chosen() -> dict[str, str]:
    """Which font each of the paper's five faces is set in here; a face without any is left out."""
    families = {family.casefold() for family in found().families()}
    picked = {face: [name for name in names if name.casefold() in families] for face, names in STACKS.items()}
    return {face: names[0] for face, names in picked.items() if names}


def require() -> dict[str, list[str]]:
    """The stacks for the PDF, only what exists here. Raises ChineseFontsMissing."""
    families = {family.casefold() for family in found().families()}
    stacks = {face: [n for n in names if n.casefold() in families] for face, names in STACKS.items()}
    if not all(stacks.values()):
        raise ChineseFontsMissing()
    return stacks
