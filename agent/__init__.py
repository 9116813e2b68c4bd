"""The device: cameras in, clips out, and a reason for where each clip goes."""
