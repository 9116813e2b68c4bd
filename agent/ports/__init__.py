"""What the flows need from the outside world; each comment is the contract that the adapters' test suites hold."""

from agent.ports.cloud import CloudAnswer, CloudCalls, CloudStatus, ModuleApi, Uploads
from agent.ports.keeping import CopyResult, DriveClip, DriveLane, DriveStore, Ledger
from agent.ports.lending import ClipLoans
from agent.ports.link import Broker, LeaseVerifier, Message, ModuleState
from agent.ports.person import PersonDetector
from agent.ports.recording import CameraFeed, ClipFile, ClipFiles, Clock, ClosedFile, FeedStep
from agent.ports.saving import ClipMedia, FetchedFiles

__all__ = [
    "Broker",
    "CameraFeed",
    "ClipFile",
    "ClipFiles",
    "ClipLoans",
    "ClipMedia",
    "Clock",
    "ClosedFile",
    "CloudAnswer",
    "CloudCalls",
    "CloudStatus",
    "CopyResult",
    "DriveClip",
    "DriveLane",
    "DriveStore",
    "FeedStep",
    "FetchedFiles",
    "LeaseVerifier",
    "Ledger",
    "Message",
    "ModuleApi",
    "ModuleState",
    "PersonDetector",
    "Uploads",
]
