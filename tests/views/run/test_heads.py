import numpy as np

from qcattn.views.run.heads import head_beside


def test_the_head_that_was_prepared_again_is_found(make):
    scores = make.causal((3, 2, 4, 4))
    main, again = make(scores, shots=10), make(scores[2, 1], shots=10)
    assert head_beside(main, [again]) == (2, 1)
    assert head_beside(main, [make(scores[2, 1] + np.eye(4), shots=10)]) is None
    assert head_beside(main, []) is None
    assert head_beside(again, [again]) is None
