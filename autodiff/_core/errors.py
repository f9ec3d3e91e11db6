"""torch's sentences for the errors that the machine raises; knows no operator."""

from __future__ import annotations

import re

import numpy as np


class LinAlgError(RuntimeError):
    """A matrix that is singular, not positive-definite or the like; torch.linalg.LinAlgError."""


NON_SCALAR_ROOT = "grad can be implicitly created only for scalar outputs"
FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
    "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
    "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
    "saved tensors after calling backward."
)
DETACHED = (
    "Trying to use a saved tensor that has been detached in-place, i.e. with .detach_(). This is not supported, please "
    "use out-of-place `.detach()` instead"
)
PACK_WRITES = (
    "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook cannot be "
    "modified by in-place operations as this can lead to unexpected side-effects. Please open an issue if you need to "
    "perform in-place operations on the input to a pack hook."
)
HOOKS_ON_FREED = (
    "Calling register_hooks on a saved tensor after it has been freed. Saved intermediate values of the graph are "
    "freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the "
    "graph a second time or if you need to access saved tensors after calling backward."
)
NO_GRAPH = "element {index} of tensors does not require grad and does not have a grad_fn"
UNUSED = (
    "The differentiated Tensor at index {index} appears to not have been used in the graph. Set allow_unused=True if "
    "this is the desired behavior."
)
NOT_REQUIRED = "One of the differentiated Tensors does not require grad"
LEAF_IN_PLACE = "a leaf Variable that requires grad is being used in an in-place operation."
LEAF_VIEW_IN_PLACE = "a view of a leaf Variable that requires grad is being used in an in-place operation."
ONLY_FLOATS = "only Tensors of floating point and complex dtype can require gradients"
LEAF_FLAGS = (
    "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a "
    "subgraph that doesn't require differentiation use var_no_grad = var.detach()."
)
INFERENCE_SAVED = (
    "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
    "computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it in "
    "autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
)
NON_LEAF_GRAD = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
    "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor, "
    "use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access the "
    "leaf Tensor instead."
)
CYCLE = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient "
    "which can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you "
    "have to use this function, make sure to reset the .grad fields of your parameters to None after use to break the "
    "cycle and avoid the leak."
)
OVERLAP = (
    "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
    "Please clone() the tensor before performing the operation."
)
EXPANDED = (
    "Use of {name} on expanded tensors is deprecated. Please clone() the tensor before performing this operation. This "
    "also applies to advanced indexing e.g. {example}"
)
PARTIAL_OVERLAP = (
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
    "location. Please clone() the tensor before performing the operation."
)
INFERENCE_WRITTEN = (
    "Inplace update to inference tensor outside InferenceMode is not allowed. You can make a clone to get a normal "
    "tensor before doing inplace update. See https://github.com/pytorch/rfcs/pull/17 for more details."
)
NO_VERSION = "Inference tensors do not track version counter."
#: How a view was made that may not be written: where nothing was recorded, in inference mode, by a Function of one's
#: own, as one of several.
NO_GRAD_VIEW, INFERENCE_VIEW, CUSTOM_VIEW, MULTI_VIEW = "no_grad mode", "inference mode", "Function", "several"
_AMBIGUOUS = (
    "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both "
    "the view and the inplace either both inside the {mode} block (if you don't want the inplace to be tracked) or "
    "both outside (if you want the inplace to be tracked)."
)
_FORBIDDEN = {
    NO_GRAD_VIEW: _AMBIGUOUS.format(mode="no_grad"),
    INFERENCE_VIEW: _AMBIGUOUS.format(mode="inference_mode"),
    CUSTOM_VIEW: "This view was created inside a custom Function (or because an input was returned as-is) and the "
    "autograd logic to handle view+inplace would override the custom backward associated with the custom Function, "
    "leading to incorrect gradients. This behavior is forbidden. You can fix this by cloning the output of the custom "
    "Function.",
    MULTI_VIEW: "This view is the output of a function that returns multiple views. Such functions do not allow the "
    "output views to be modified inplace. You should replace the inplace operation by an out-of-place one.",
}


def view_written(made: str, place: tuple[int, str] | None, *, itself: bool) -> str:
    """What torch says of such a view when it, or else its base, was written; `place`: which output of which node.

    Without a node it was made where nothing is recorded, whatever else it is.
    """
    what = "is being" if itself else "its base or another view of its base has been"
    output = "" if place is None else "Output {} of {} is a view".format(*place)
    if place is not None and made in (CUSTOM_VIEW, MULTI_VIEW):
        return f"{output} and {what} modified inplace. {_FORBIDDEN[made]}"
    mode = made if made == INFERENCE_VIEW else NO_GRAD_VIEW
    then = "in normal mode" if made == INFERENCE_VIEW else "with grad mode enabled"
    lead = f"{output} of a view which was" if output else "A view was"
    return f"{lead} created in {mode} and {what} modified inplace {then}. {_FORBIDDEN[made]}"


#: Inside of a transform of autodiff.func.
NO_REQUIRES = (
    "You are attempting to call Tensor.requires_grad_() inside of a function being transformed by a functorch "
    "transform. This is unsupported: use the transforms (grad, vjp, jacrev, jacfwd, hessian), or call requires_grad_() "
    "outside of the function"
)
NO_BACKWARD = (
    "backward() called inside a functorch transform. This is not supported: use grad or vjp of autodiff.func instead, "
    "or call backward() outside of the transform"
)
NO_SETUP = (
    "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it must override "
    "the setup_context staticmethod, and its forward must not take a ctx"
)
NO_VMAP = (
    "You tried to vmap over {name}, but it does not have vmap support: override its vmap staticmethod, or set "
    "generate_vmap_rule=True"
)
VMAP_TWICE = (
    "You tried to vmap over {name}, but it has both generate_vmap_rule=True and an overridden vmap staticmethod: keep "
    "one of them"
)
#: In-place writing, inside of a derivative transform, into a tensor that was not made there.
CAPTURED = (
    "During a grad (vjp, jvp, grad, etc) transform, the function provided attempted to call in-place operation that "
    "would mutate a captured Tensor. This is not supported: the function must take the tensors that it mutates as "
    "arguments"
)


def changed(kind: str, shape: tuple[int, ...], made: str, now: int, expected: int) -> str:
    """What torch says when a value saved for backward was changed in place; `made`: which output of what it is."""
    return (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[{kind} {list(shape)}]{made} is at version {now}; expected version {expected} "
        "instead. Hint: enable anomaly detection to find the operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True)."
    )


def cannot_broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> str:
    """torch's sentence for two shapes that do not broadcast: the last dimension that fails is named."""
    for back in range(1, min(len(a), len(b)) + 1):
        if a[-back] != b[-back] and 1 not in (a[-back], b[-back]):
            dim = max(len(a), len(b)) - back
            return (
                f"The size of tensor a ({a[-back]}) must match the size of tensor b ({b[-back]}) "
                f"at non-singleton dimension {dim}"
            )
    return f"shapes {list(a)} and {list(b)} cannot be broadcast together"


def of_numpy(text: str) -> str:
    """NumPy's words for two shapes that do not broadcast, in torch's; any other words as they are."""
    shapes = [tuple(map(int, re.findall(r"\d+", found))) for found in re.findall(r"\([\d,]*\)", text)]
    return cannot_broadcast(shapes[0], shapes[1]) if "broadcast" in text and len(shapes) == 2 else text


def check_fits(shape: tuple[int, ...], room: tuple[int, ...]) -> None:
    """Raise RuntimeError if a value of `shape` does not broadcast to `room`."""
    if shape == room:
        return
    lead = len(room) - len(shape)
    if lead < 0:
        try:
            both = np.broadcast_shapes(room, shape)
        except ValueError:
            raise RuntimeError(cannot_broadcast(room, shape)) from None
        raise RuntimeError(f"output with shape {list(room)} doesn't match the broadcast shape {list(both)}")
    for i, n in enumerate(shape):
        if n not in (1, room[i + lead]):
            raise RuntimeError(
                f"The size of tensor a ({room[i + lead]}) must match the size of tensor b ({n}) at "
                f"non-singleton dimension {i + lead}"
            )
