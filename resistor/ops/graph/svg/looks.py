"""Colours and fonts of the picture, for light and for dark pages.

Plain rules twice and no CSS variables: librsvg, which draws SVG for many document tools, has none.
"""

from __future__ import annotations

STYLE = """
text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1f2937 }
path { fill: none; stroke: #64748b; stroke-width: 1.3 }
.page { fill: #ffffff }
.title { font-size: 14px; font-weight: 700 }
.name { font-size: 13px; font-weight: 600 }
.says { font-size: 11px }
.kind { font-size: 9px; fill: #6b7280 }
.caption { font-size: 10px; fill: #6b7280 }
.label { font-size: 10px; paint-order: stroke; stroke: #ffffff; stroke-width: 3px }
.box { fill: #dbeafe; stroke: #64748b }
.choose { fill: #fef3c7 }
.wait { fill: #ede9fe }
.bad { fill: #fee2e2 }
.mark { fill: #e5e7eb }
.frame { fill: #94a3b8; fill-opacity: .12; stroke: #94a3b8; stroke-dasharray: 4 3 }
.error { stroke: #b91c1c; stroke-dasharray: 5 3 }
.jump, .exit, .again { stroke: #1d4ed8 }
.tip { fill: #64748b; stroke: none }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  path { stroke: #8b98a8 }
  .page { fill: #0d1117 }
  .kind, .caption { fill: #9aa7b5 }
  .label { stroke: #0d1117 }
  .box { fill: #14304f; stroke: #8b98a8 }
  .choose { fill: #45340d }
  .wait { fill: #33234f }
  .bad { fill: #4d1a1d }
  .mark { fill: #2b3440 }
  .error { stroke: #ff8a80 }
  .jump, .exit, .again { stroke: #79b0ff }
  .tip { fill: #8b98a8 }
}
"""

CLASSES = {
    **dict.fromkeys(("switch", "fork", "join", "for", "while", "until"), "choose"),
    **dict.fromkeys(("wait", "listen", "ask"), "wait"),
    **dict.fromkeys(("raise", "catch", "try", "failed", "compensate"), "bad"),
    **dict.fromkeys(("start", "finish", "end", "stop", "jump"), "mark"),
}
"""The class of a box by its kind; all others act, and have none."""
