"""The font of printed directories: Noto Sans CJK's Simplified Chinese face, without what no Chinese name can have.

    python -m config.tools.subset_font NotoSansCJK-Regular.ttc OUT.otf

Run by `python -m config.tools.vendor` with the fonttools that vendor.lock.json names. All Han characters stay, rare
ones above all; Korean and the layout tables of vertical and regional forms go, and with them 12 MB of 19.
"""

from __future__ import annotations

import sys
from pathlib import Path

FACE = "Noto Sans CJK SC"
_LEFT_OUT = (range(0x1100, 0x1200), range(0x3130, 0x3190), range(0xA960, 0xA980), range(0xAC00, 0xD800))
"""Korean syllables and letters."""


def main() -> None:
    """The command."""
    # Not in the lock files: nothing that runs needs it.
    from fontTools import subset  # type: ignore[import-not-found] # noqa: PLC0415
    from fontTools.ttLib import TTCollection  # type: ignore[import-not-found] # noqa: PLC0415

    source, target = map(Path, sys.argv[1:3])
    font = next(one for one in TTCollection(source).fonts if one["name"].getDebugName(1) == FACE)
    wanted = [code for code in font.getBestCmap() if not any(code in korean for korean in _LEFT_OUT)]
    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.name_IDs = ["*"]
    options.name_languages = [0x409]
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "GPOS", "GSUB", "GDEF"]
    # The same source gives the same bytes.
    font.recalcTimestamp = False
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    font.save(target)


if __name__ == "__main__":
    main()
