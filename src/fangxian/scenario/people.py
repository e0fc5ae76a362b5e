"""Invented people: names, ID numbers of a region that does not exist, phones of a range not given out."""

import numpy as np

# The hundred or so most common surnames; the more common, the more often they stand here.
SURNAMES = list(
    "王王王王王王李李李李李李张张张张张刘刘刘刘陈陈陈杨杨杨杨赵赵黄黄周周吴吴徐徐孙孙胡胡朱朱朱高高林何何郭郭马马罗罗"
    "梁宋郑谢谢韩唐唐冯于董萧程曹曹袁邓许傅沈曾彭彭吕苏苏卢蒋蔡贾丁魏薛叶叶阎余余潘杜杜戴夏钟汪田任姜范方石姚姚谭廖"
    "邹熊金陆郝孔孔白白崔康毛邱秦江史顾侯邵孟龙龙万段段雷钱汤尹尹黎易常武乔贺赖龚文缪缪晏浦浦符戚蔺展陶"
)
_BOYS = list("伟强磊军洋勇杰涛超明刚平辉鹏华飞鑫波斌宇浩凯健俊帆毅翔旭东龙海建国志文云林峰荣昌贵富顺福才生清")
_GIRLS = list("芳娜敏静秀娟英丽艳霞燕玲桂兰凤洁梅琳素云莲环雪荣爱妹香月莺媛瑞凡佳嘉琼勤珍贞莉倩蓉慧巧美")
_YOUNG = list("子梓一雨思欣怡佳宇浩晨睿轩泽涵诗语梦瑶嘉俊晓可心奕博文乐安辰逸铭彦沐若芷萱妍馨彤琪悦蕊")
NATIVE = "530381"  # GB/T 2260: the city itself
HUBEI = ("420106", "420982", "421002", "420503", "421127")
ELSEWHERE = ("530302", "530324", "520221", "520502", "510104", "430102", "500101", "530102")


def names(rng: np.random.Generator, sexes: np.ndarray, young: bool, surnames: np.ndarray) -> list[str]:
    """A full name each; `sexes` bool[n] (true: female), `surnames` indices into SURNAMES, int[n]."""
    count = len(sexes)
    second = rng.integers(0, 1 << 30, count)
    first = rng.integers(0, 1 << 30, count)
    single = rng.random(count) < (0.12 if young else 0.3)
    out = []
    for i, female in enumerate(sexes.tolist()):
        pool = _GIRLS if female else _BOYS
        lead = _YOUNG if young else pool
        given = "" if single[i] else lead[first[i] % len(lead)]
        out.append(SURNAMES[surnames[i]] + given + pool[second[i] % len(pool)])
    return out


def phones(first: int, count: int) -> list[str]:
    """`count` phones, all different for different places in the sequence. 100 starts no mobile number."""
    spread = (np.arange(first, first + count, dtype=np.int64) * 73_856_093 + 19_349_663) % 100_000_000
    return [str(10_000_000_000 + k) for k in spread.tolist()]


_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
_CHECKS = "10X98765432"  # GB 11643-1999: by the weighted sum modulo 11


def id_numbers(births: np.ndarray, female: np.ndarray, first: int) -> list[str]:
    """18-character citizen identification numbers, with right check digits, that belong to nobody.

    `births` datetime64[D][n], `female` bool[n]. The region prefix (99 and four digits) is given to no
    region. Serial and region are drawn from `first` on, so all numbers of a sequence differ.
    """
    count = len(births)
    order = np.arange(first, first + count, dtype=np.int64)
    serial = (order % 499) * 2 + np.where(female, 2, 1)  # even for women
    region = 990_000 + (order // 499) % 10_000
    days = births.astype("datetime64[D]")
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    months = days.astype("datetime64[M]").astype(np.int64) % 12 + 1
    dates = (days - days.astype("datetime64[M]")).astype(np.int64) + 1
    stem = (region * 10_000 + years) * 10_000 + months * 100 + dates
    stem = stem * 1_000 + serial
    powers = 10 ** np.arange(16, -1, -1, dtype=np.int64)
    digits = (stem[:, None] // powers) % 10
    check = (digits * _WEIGHTS).sum(axis=1) % 11
    return [f"{number}{_CHECKS[c]}" for number, c in zip(stem.tolist(), check.tolist(), strict=True)]
