import pytest

from omnisource.models.omni import OMNI
from omnisource.models.resnet_designs import FLAT, I3D, IRCSN, SLOWONLY


@pytest.mark.parametrize(("design", "dims"), [(FLAT, 2), (SLOWONLY, 3), (I3D, 3), (IRCSN, 3), (OMNI, 3)])
def test_design__dims_are_those_of_its_convolutions(design, dims):
    assert design.dims == dims


@pytest.mark.parametrize(
    ("design", "stride"),
    [
        (SLOWONLY, 1),
        (I3D, 4),  # and once more after stage 1
        (IRCSN, 8),
        (OMNI, 1),
    ],
)
def test_design__strides_in_time_are_the_released_ones(design, stride):
    total = design.stem_stride * design.pool_stride
    for stage_stride in design.strides:
        total *= stage_stride
    assert total == stride
