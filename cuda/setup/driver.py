"""Say for which CUDA the NVIDIA driver of this machine is: driver.py [CUDA] prints 12 or 13 on standard output and why on standard error.

CUDA 13 wants a driver of version 580 or newer, CUDA 12 one of 525 or newer, and its libraries run on newer drivers, too. So 580 and newer get
13, all others 12, as does a machine without a driver. A CUDA that the caller names is taken as it is, where the driver can serve it. What
cannot work is one line and exit code 1.

The version is the kernel module's, else nvidia-smi's; DEMOTE_DRIVER, for tests, takes the place of both ("none": there is no driver)."""
import os
import re
import subprocess
import sys

FLOOR = {12: 525, 13: 580}


def version():
    """Return the driver's version as text, such as "580.65.06"; "" without one."""
    told = os.environ.get("DEMOTE_DRIVER")
    if told is not None:
        return "" if told == "none" else told
    try:
        with open("/sys/module/nvidia/version") as f:
            return f.read().strip()
    except OSError:
        pass
    try:
        with open("/proc/driver/nvidia/version") as f:
            found = re.search(r"Kernel Module\D*(\d+\.[\d.]+)", f.read())
            if found:
                return found[1]
    except OSError:
        pass
    try:
        done = subprocess.run(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True, timeout=20)
        return done.stdout.split("\n")[0].strip() if done.returncode == 0 else ""
    except (OSError, subprocess.TimeoutExpired):
        return ""


def choose(wanted, text):
    """Return the CUDA for a driver of this version and why, or raise ValueError."""
    if wanted and wanted not in ("12", "13"):
        raise ValueError("CUDA=%s is not known: type CUDA=13 or CUDA=12, or leave it out" % wanted)
    if not text:
        return int(wanted or 12), "there is no NVIDIA driver here" + ("" if wanted else "; the libraries of CUDA 12 run on every driver from 525 on")
    major = re.match(r"(\d+)(\.|$)", text)
    if not major:
        raise ValueError("the NVIDIA driver's version %r is not understood: type CUDA=13 for driver 580 and newer, else CUDA=12" % text)
    major = int(major[1])
    cuda = int(wanted) if wanted else 13 if major >= FLOOR[13] else 12
    if major < FLOOR[cuda]:
        cure = "install driver %d or newer" % FLOOR[cuda] + (", or type CUDA=12" if cuda == 13 and major >= FLOOR[12] else "")
        raise ValueError("the NVIDIA driver %s is too old for CUDA %d: %s" % (text, cuda, cure))
    return cuda, "the NVIDIA driver is %s" % text


def main(arguments):
    try:
        cuda, why = choose(arguments[0] if arguments else "", version())
    except ValueError as e:
        sys.exit("setup-cuda: %s" % e)
    print(cuda)
    print("setup-cuda: CUDA %d: %s" % (cuda, why), file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
