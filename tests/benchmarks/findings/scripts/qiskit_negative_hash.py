"""hash() of a ParameterExpression whose value is negative raises OverflowError.

What is right: every ParameterExpression has a hash.
"""

import sys

from qiskit.circuit import Parameter

angle = Parameter("angle")
for value in (0.5, -0.5):
    bound = (1.0 * angle).bind({angle: value})
    try:
        print(value, hash(bound))
    except OverflowError as error:
        print(value, f"OverflowError: {error}")
        sys.exit(1)
