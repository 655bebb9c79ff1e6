"""The CUDA source is CUDA: NVRTC compiles it for two devices, without one at hand."""

import importlib
import re
import sys
from types import ModuleType
from typing import Any

import pytest

from simulations.kernels import cuda_device
from tests.test_simulations.cuda_host import kernel_names


class DoesNotCompileError(Exception):
    """NVRTC's log."""


def cuda_compiler() -> ModuleType:
    """NVRTC, which the testing extra brings wherever there is one."""
    if sys.platform == "darwin":
        pytest.skip("there is no NVRTC for macOS")
    return importlib.import_module("cuda.bindings.nvrtc")


# What CuPy adds to the options of a module.
CUPYS = ("-ftz=true", "--device-as-default-execution-space")


def compiled(code: str, device: str, kind: str, options: tuple[str, ...]) -> bytes:
    """The PTX or the CUBIN that NVRTC makes of a source for a device, say "sm_90"."""
    nvrtc = cuda_compiler()

    def checked(answer: tuple) -> Any:
        assert answer[0] == nvrtc.nvrtcResult.NVRTC_SUCCESS, answer[0]
        return answer[1] if len(answer) > 1 else None

    program = checked(nvrtc.nvrtcCreateProgram(code.encode("ascii"), b"kernels.cu", 0, [], []))
    given = [one.encode() for one in (f"--gpu-architecture={device}", *options)]
    (result,) = nvrtc.nvrtcCompileProgram(program, len(given), given)
    log = b" " * checked(nvrtc.nvrtcGetProgramLogSize(program))
    checked(nvrtc.nvrtcGetProgramLog(program, log))
    if result != nvrtc.nvrtcResult.NVRTC_SUCCESS:
        raise DoesNotCompileError(log.decode())
    assert not log.strip(b"\0 \n"), log.decode()
    image = b" " * checked(getattr(nvrtc, f"nvrtcGet{kind}Size")(program))
    checked(getattr(nvrtc, f"nvrtcGet{kind}")(program, image))
    checked(nvrtc.nvrtcDestroyProgram(program))
    return image


@pytest.mark.parametrize("device", ["sm_80", "sm_90"])
def test_nvrtc_compiles_every_kernel(device: str) -> None:
    code = cuda_device.source()
    names = kernel_names(code)
    assert len(names) == 7
    image = compiled(code, device, "CUBIN", (*cuda_device.OPTIONS, *CUPYS))
    assert image.startswith(b"\x7fELF")
    for name in names:
        assert b".text." + name.encode() + b"\0" in image


def floats_of(ptx: str) -> set[str]:
    """The instructions of the PTX that do arithmetic on floats."""
    return set(re.findall(r"\b(?:fma|mad|mul|add|sub|div|rcp|sqrt|rsqrt)\.\S*f(?:32|64)\b", ptx))


def test_every_operation_on_floats_is_rounded_once_and_to_nearest() -> None:
    ptx = compiled(cuda_device.source(), "sm_90", "PTX", (*cuda_device.OPTIONS, *CUPYS)).decode()
    names = {*re.findall(r"\.entry (\w+)\(", ptx)}
    assert names == set(kernel_names(cuda_device.source()))
    found = floats_of(ptx)
    assert {"div.rn.f64", "sqrt.rn.f64", "mul.rn.f64", "mul.rn.ftz.f32"} <= found
    assert all(re.match(r"(mul|add|sub|div|sqrt)\.rn\.", one) for one in found)
    fused = tuple(o.replace("fmad=false", "fmad=true") for o in cuda_device.OPTIONS)
    ptx = compiled(cuda_device.source(), "sm_90", "PTX", (*fused, *CUPYS)).decode()
    assert any(one.startswith("fma.rn") for one in floats_of(ptx))


def test_nvrtc_refuses_an_error() -> None:
    code = cuda_device.source().replace("return folded;", "").replace("u32 folded = 0;", "")
    with pytest.raises(DoesNotCompileError, match="folded"):
        compiled(code, "sm_90", "PTX", cuda_device.OPTIONS)
