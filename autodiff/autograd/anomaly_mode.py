"""torch.autograd.anomaly_mode: finding the operator whose backward raises or gives nan, and where it was called."""

from __future__ import annotations

import warnings

from autodiff._core.anomaly import Anomaly, set_anomaly

__all__ = ["detect_anomaly", "set_detect_anomaly"]


class detect_anomaly:
    """While it lasts, an error in backward tells where the operator was called in forward, and nan is an error.

    Applies to every thread. Each operator's call stack is noted, so this is for debugging only.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        self._before = (Anomaly.on, Anomaly.check_nan)
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            stacklevel=2,
        )

    def __enter__(self) -> None:
        self._before = (Anomaly.on, Anomaly.check_nan)
        set_anomaly(True, self.check_nan)

    def __exit__(self, *_: object) -> None:
        set_anomaly(*self._before)


class set_detect_anomaly:
    """Switch anomaly detection on or off: at once as a call, until its end as a context."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = (Anomaly.on, Anomaly.check_nan)
        set_anomaly(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        set_anomaly(*self._before)
