// Says in words that the browser cannot show a whole video, beside which a download stands.
function sayUnplayable(video) {
  const over = video.parentElement.querySelector(".over");
  if (over) over.hidden = false;
}

function judge(video) {
  // A browser that cannot decode the pictures may still play the sound.
  if (video.error || (video.readyState > 0 && video.videoWidth === 0)) sayUnplayable(video);
}

for (const happening of ["error", "loadedmetadata"]) {
  document.addEventListener(happening, (event) => {
    if (event.target instanceof HTMLVideoElement) judge(event.target);
  }, true);
}
document.querySelectorAll("video").forEach(judge);
