"""A draft that somebody wrote is proofread: each number in it is found among the figures of a moment, differs
from the one that its words name, or is unknown.

    amounts     the numbers of a text, what each means, and what needs no proof (dates, names, numbering)
    wording     how well words name a figure
    checking    the verdict on each number
    documents   reading a Word file, and writing the verdicts into it as comments
"""
