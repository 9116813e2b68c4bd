"""Person detection in onnxruntime: one session, one thread, loaded only when somebody may use it."""

import asyncio
import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from agent.errors import BadInput, Refused
from agent.vision.person import Crop, PersonSeen, letterboxed, persons_in

RUNTIME: Final = "onnxruntime"
NOT_INSTALLED: Final = "Person detection is not installed: run `make person` (or `pip install 'veilleur[person]'`)."
SHIPPED_MODEL: Final = Path(__file__).parents[2] / "models" / "person.onnx"
OUTPUTS: Final = ("num_detections", "detection_boxes", "detection_scores", "detection_classes")
LARGEST_MODEL_BYTES: Final = 256 * 1024 * 1024
ONLY_ERRORS: Final = 3


def runtime_is_installed() -> bool:
    """Say whether onnxruntime can be imported, without importing it (46 MB)."""
    return importlib.util.find_spec(RUNTIME) is not None


class PersonOnnx:
    """A PersonDetector over a model of the TensorFlow detection family: one uint8 picture in, boxes and scores out."""

    def __init__(self, model: Path | None = None, *, least_score: float = 0.5) -> None:
        self._path = SHIPPED_MODEL if model is None else model
        self._least_score = least_score
        self._session: Any = None
        self._input = ""
        self._side = 0
        self._outputs: list[str] = []

    async def load(self) -> None:
        if self._session is None:
            await asyncio.to_thread(self._load)

    async def look(self, crop: Crop) -> Sequence[PersonSeen]:
        return await asyncio.to_thread(self._look, crop)

    def _load(self) -> None:
        if not runtime_is_installed():
            raise Refused("not_installed", NOT_INSTALLED)
        self._check_file()
        onnxruntime = importlib.import_module(RUNTIME)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # recording has the other cores
        options.enable_cpu_mem_arena = options.enable_mem_pattern = False  # memory goes back after each look
        options.log_severity_level = ONLY_ERRORS
        try:
            session = onnxruntime.InferenceSession(str(self._path), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise BadInput(self._wrong(f"it cannot be read as ONNX ({type(error).__name__})")) from error
        self._read_shape(session)
        self._session = session

    def _check_file(self) -> None:
        try:
            size = self._path.stat().st_size
        except OSError as error:
            raise BadInput(self._wrong(error.strerror or "it cannot be opened")) from error
        if not 0 < size <= LARGEST_MODEL_BYTES:
            raise BadInput(self._wrong(f"a model has 1 to {LARGEST_MODEL_BYTES // 2**20} MB"))

    def _read_shape(self, session: Any) -> None:  # noqa: ANN401 - onnxruntime ships no types
        inputs = session.get_inputs()
        shape = inputs[0].shape if len(inputs) == 1 else []
        known = {output.name.partition(":")[0]: output.name for output in session.get_outputs()}
        square = len(shape) == 4 and shape[0] == 1 and shape[3] == 3 and shape[1] == shape[2]  # noqa: PLR2004 - NHWC, RGB
        if not square or not isinstance(shape[1], int) or inputs[0].type != "tensor(uint8)":
            raise BadInput(self._wrong("it takes no square picture of bytes (uint8 [1, side, side, 3])"))
        if not set(OUTPUTS) <= set(known):
            raise BadInput(self._wrong(f"it does not answer with {', '.join(OUTPUTS)}"))
        self._input, self._side = inputs[0].name, shape[1]
        self._outputs = [known[name] for name in OUTPUTS[1:]]

    def _wrong(self, why: str) -> str:
        return f"{self._path} is not a person model that can be used: {why}. See models/README.md."

    def _look(self, crop: Crop) -> Sequence[PersonSeen]:
        picture = letterboxed(crop.pixels, self._side)[np.newaxis]
        boxes, scores, classes = self._session.run(self._outputs, {self._input: picture})
        return persons_in(boxes[0], scores[0], classes[0], crop, least_score=self._least_score)
