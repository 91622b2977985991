"""Teaching Born-rule sampling: a page, its server, and exercises that mark themselves."""

from qcattn.teaching.assessing import Assessment, NotRight, assess, check
from qcattn.teaching.notebook import widget
from qcattn.teaching.students import student_counts, student_scores, student_seed

__all__ = [
    "Assessment",
    "NotRight",
    "assess",
    "check",
    "student_counts",
    "student_scores",
    "student_seed",
    "widget",
]
