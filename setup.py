"""Compile what is compiled: the kernels (optional, they also run as plain Python) and the message catalogues."""

import os
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

KERNELS = ["ledger/kernel", "trace/lots", "proofs/hasher"]
KERNELS += [f"watch/{name}" for name in ("survey", "coverage", "process", "deals", "shares")]  # run for every process


def kernels():
    if os.environ.get("BOYAU_PURE"):  # build without a compiler, on purpose
        return []
    from Cython.Build import cythonize
    from setuptools import Extension

    modules = [
        Extension(
            "boyau." + name.replace("/", "."),
            [f"src/boyau/{name}.py"],
            extra_compile_args=["-O3"],
        )
        for name in KERNELS
        if Path(f"src/boyau/{name}.py").exists()
    ]
    extensions = cythonize(modules, language_level=3, build_dir="build/cython", annotate=False)
    for extension in extensions:
        extension.optional = True  # without a C compiler everything still works, slower; `boyau --version` says so
    return extensions


def compile_catalogues():
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for po in Path("src/boyau").glob("**/LC_MESSAGES/*.po"):
        with po.open("rb") as source, po.with_suffix(".mo").open("wb") as target:
            write_mo(target, read_po(source))


class BuildWithCatalogues(build_py):
    def run(self):
        compile_catalogues()
        super().run()


compile_catalogues()  # an editable installation builds no Python files, but reads the catalogues in place
setup(ext_modules=kernels(), cmdclass={"build_py": BuildWithCatalogues})
