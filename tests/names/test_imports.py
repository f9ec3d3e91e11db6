"""The import statements of programs, as they are written, find these names in torch's place."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import torch
import torch.backends.cudnn as cudnn
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.onnx
import torch.sparse
import torch.utils._pytree as pytree
from torch import BoolTensor, FloatTensor, LongTensor, Tensor, autocast, device, optim
from torch.amp import GradScaler
from torch.autograd import Variable
from torch.backends.cuda import matmul
from torch.compiler import is_compiling
from torch.cuda.amp import autocast as cuda_autocast
from torch.jit import is_scripting, script
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.modules.loss import _Loss, _WeightedLoss
from torch.nn.modules.utils import _pair, _triple
from torch.nn.parallel import DataParallel
from torch.nn.parameter import UninitializedParameter
from torch.nn.utils import parametrizations, parametrize, remove_weight_norm, spectral_norm, weight_norm
from torch.nn.utils.parametrizations import weight_norm as new_weight_norm
from torch.optim.swa_utils import AveragedModel, SWALR, update_bn
from torch.serialization import safe_globals
from torch.utils._pytree import tree_flatten, tree_map

cudnn.benchmark = True
place = torch.device("cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")
if dist.is_available() and dist.is_initialized():
    raise SystemExit("there is a group")


@torch.jit.ignore
def halved(x: torch.FloatTensor) -> "torch.LongTensor":
    return (x / 2).type(torch.LongTensor)


model = torch.compile(weight_norm(torch.nn.Linear(3, 2)).to(place))
with torch.autocast(device_type=place.type, enabled=False):
    out = model(Variable(FloatTensor([[1, 2, 3]])))
assert torch.nn.utils.weight_norm is weight_norm and callable(torch.nn.utils.spectral_norm)
print(out.shape, halved(FloatTensor([4])), isinstance(out, FloatTensor), _pair(3), matmul.allow_tf32)
"""


def test_programs_import_what_they_always_did() -> None:
    # In a process of its own: what is imported by then must not matter.
    code = f"import autodiff\nwith autodiff.as_torch():\n    exec({PROGRAM!r}, {{}})"
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "torch.Size([1, 2]) tensor([2]) True (3, 3) False\n"
