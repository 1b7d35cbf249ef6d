"""What the generated cases draw from: lives of the items, hard days, values of attributes."""

from __future__ import annotations

from typing import Any

from tests.reference.catalogue import CLOCKS, types_of

# The extendable clock and the pauses are rare in the catalogue, hence the weights.
PAUSED_ITEMS = [item for item in CLOCKS if any(clock.honours for clock in CLOCKS[item])]
ITEMS = [*sorted(CLOCKS), *PAUSED_ITEMS, *["civil.minimum-living"] * 10]
ALL_TYPES = sorted({kind for item in CLOCKS for kind in types_of(item)})
PAUSING = [
    "supplement_requested",
    "supplement_requested",
    "supplement_provided",
    "suspended",
    "suspended",
    "resumed",
]
UNKNOWN_TYPES = ["teleported", "Submitted", "", "已办结", "load-opened"]

STORIES = {
    "civil.temporary-aid": ["submitted accepted approved resolved", "submitted rejected"],
    "civil.destitute-support": ["submitted accepted approved resolved", "submitted rejected"],
    "civil.minimum-living": [
        "submitted accepted extended approved resolved",
        "submitted accepted extended extended extended rejected",
    ],
    "employment.job": [
        "submitted accepted recommended followed_up recommended followed_up recommended "
        "followed_up welfare_post_offered resolved",
        "submitted accepted recommended recommended recommended recommended followed_up",
    ],
    "employment.training": [
        "submitted accepted organised followed_up mobilised followed_up organised resolved",
        "submitted accepted mobilised mobilised mobilised mobilised followed_up",
    ],
    "housing.dilapidated": [
        "submitted confirmed appraised reviewed approved completed inspected resolved",
        "submitted confirmed rejected",
    ],
    "water.drinking": [
        "submitted accepted dispatched verified resolved",
        "submitted dispatched verified measures_proposed resolved",
        "submitted rejected",
    ],
    "education.dropout": [
        "submitted accepted returned_to_school resolved",
        "submitted accepted correction_ordered penalised enforcement_applied resolved",
    ],
    "health.facility-lookup": ["submitted resolved"],
    "health.appointment": ["submitted confirmed resolved", "submitted rejected"],
    "health.chronic-care": [
        "submitted accepted contracted visited visited visited resolved",
        "submitted accepted contracted medication_requested medication_requested "
        "medication_supplied medication_requested medication_supplied",
    ],
    "health.serious-illness": ["submitted accepted treatment_arranged resolved"],
    "insurance.enrolment": ["submitted approved paid enrolled resolved"],
    "insurance.remote-claim": ["submitted approved paid resolved"],
    "insurance.serious-illness-aid": ["submitted approved paid resolved"],
    "monitoring.lead": ["submitted verified measures_assigned resolved", "submitted dismissed"],
}

# Days around which the calendar is hard: Spring Festival, make-up workdays, October, year ends.
HARD_DAYS = [
    "2024-12-28",
    "2025-01-23",
    "2025-04-25",
    "2025-09-26",
    "2025-12-29",
    "2026-02-11",
    "2026-02-14",
    "2026-04-03",
    "2026-09-18",
    "2026-10-08",
    "2026-11-20",
    "2026-12-10",
    "2026-12-24",
    "2026-12-31",
]

# By name of attribute: values that a record may carry, some of which only look like the others.
ATTRIBUTES: dict[str, list[Any]] = {
    "confirmed": [True, True, True, False, "true", 1, None, [True]],
    "grade": ["C", "D", "C", "D", "A", "B", "c", None, ["C"]],
    "round": [3, 3, 3, 3.0, 1, 2, 0, None],
    "placed": [False, False, False, True, 0, "false", None],
    "zero_employment": [True, True, True, False, "true", 1, None],
    "offers": [15, 15, 15, 14, 16, 0, 1, 30, 15.0, None],
    "reason": ["not covered", "", " ", "\u3000\t", None, "无", 0],
    "clock": [*["decide"] * 12, "accept", "overall", "none", None],
    "by": ["5wd", "10wd", "15wd", "5wd", "1wd", "14wd", "16wd", "5d", "24h", None],
}
CARRIES = {
    "verified": ["confirmed"],
    "appraised": ["grade"],
    "followed_up": ["round", "placed", "zero_employment"],
    "recommended": ["round", "offers"],
    "rejected": ["reason"],
    "extended": ["clock", "by"],
}
EVENT_IDS = ["{}", "é{}", "中{}", "\U0001f600{}", "\uff5e{}", "Z-{}", "a:{}"]
