"""`export`: a trained network leaves the house."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from omnisource.commands.options import HERE, AsJson, Where, print_json
from omnisource.commands.predict import ClassList, workspace_at


class Kind(StrEnum):
    """In which format the network is written."""

    TORCH_EXPORT = "torch.export"
    TORCHSCRIPT = "torchscript"
    ONNX = "onnx"


def export(
    network: Annotated[str, typer.Argument(help="A run, a network.pt or its folder, or a released model.")],
    kind: Annotated[Kind, typer.Option("--as", help="onnx needs omnisource[export].")] = Kind.TORCH_EXPORT,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder; default: exported/<network>-<kind> in the workspace.")
    ] = None,
    workspace: Where = HERE,
    classes: ClassList = None,
    as_json: AsJson = False,
) -> None:
    """Write a network with a description and a script that uses it without OmniSource.

    Example: `omnisource export slowonly-omnisource --as onnx -w work`
    """
    from omnisource.pipeline import exporting
    from omnisource.pipeline.named_network import find_network

    named = find_network(network, workspace_at(workspace), classes=classes)
    written = exporting.export(named, kind.value, folder)
    if as_json:
        values = {"folder": str(written.folder), "file": str(written.file), "kind": written.kind}
        print_json(values | {"difference": written.difference})
        return
    print(f"{written.file}: gives the network's logits within {written.difference:.1e} of the largest")
    print(f"try it: python {written.folder / exporting.SCRIPT} VIDEO")
