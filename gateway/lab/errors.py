"""What can go wrong with a lab, as one error for people.

May live here: the exception. May not: anything else.
"""


class LabError(Exception):
    """The lab cannot do it. The message names cause and place and, after a semicolon, the way out."""
