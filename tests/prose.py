"""Sentences of a Markdown page and their lengths; code blocks, tables and headings are left out."""

import re

NOT_AN_END = {"e.g", "i.e", "cf", "vs", "et al", "no", "fig", "approx"}


def sentences(markdown):
    """The sentences of a page as plain text, in order; a paragraph or list item ends one, too."""
    return [one for block in _blocks(markdown) for one in _split(block)]


def units(markdown):
    """Sentences and table rows as they are written, with their links, in the order of the page."""
    found, paragraph = [], []
    for line in [*markdown.splitlines(), ""]:
        if line.strip() and not line.lstrip().startswith("|"):
            paragraph.append(line.strip())
            continue
        found += _split(" ".join(paragraph))
        found += [line.strip()] if line.strip() else []
        paragraph = []
    return found


def section(markdown, heading):
    """What stands under the heading `heading`, up to the next one of its level or above."""
    (mark,) = re.findall(rf"^(#+) {re.escape(heading)}$", markdown, re.M)
    after = re.split(rf"^{mark} {re.escape(heading)}$", markdown, flags=re.M)[1]
    return re.split(rf"^#{{1,{len(mark)}}} ", after, flags=re.M)[0]


def words(sentence):
    """The words of a sentence: whatever has a letter or digit; inline code counts as one."""
    return [word for word in sentence.split() if re.search(r"\w", word)]


def _blocks(markdown):
    """Paragraphs and list items as plain text."""
    text = re.sub(r"^(```|~~~).*?^\1[ \t]*$", "\n", markdown, flags=re.M | re.S)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    text = re.sub(r"(?<=\n)\n(?: {4}.*\n)+", "\n", "\n" + text)  # indented code
    lines = []
    for line in text.splitlines():
        if line.lstrip().startswith("|") or re.match(r"#+ ", line):
            lines += ["", ""]
        elif re.match(r"\s*([-*+]|\d+\.) ", line):
            lines += ["", re.sub(r"^\s*([-*+]|\d+\.) ", "", line)]
        else:
            lines.append(line)
    return [_plain(block) for block in re.split(r"\n\s*\n", "\n".join(lines)) if block.strip()]


def _plain(block):
    """A block without targets of links, pictures and emphasis; inline code becomes one word."""
    block = re.sub(r"`[^`]+`", lambda code: re.sub(r"\W+", "_", code[0]).strip("_") or "_", block)
    block = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", block)
    block = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", block)
    return " ".join(block.replace("*", "").split())


def _split(block):
    """A block cut after each `.`, `!` or `?` that ends a word; not within 0.5 or after e.g."""
    start, found = 0, []
    for end in re.finditer(r"[.!?][\"”’)\]]*(?=\s|$)", block):
        before = block[start : end.start()].lower()
        if any(re.search(rf"(^|\W){re.escape(short)}$", before) for short in NOT_AN_END):
            continue
        found.append(block[start : end.end()].strip())
        start = end.end()
    return [one for one in [*found, block[start:].strip()] if words(one)]
