"""What Linux does: the verbs, as generators under the kernel's own names that yield what happened and return what was decided.

Stages call each other in circles, as the kernel's functions do, so there is one order in which they can be imported first.
"""

from app.datapath import walk as walk
