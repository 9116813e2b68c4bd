"""The HTML of the diagnostics page.

Every element with data-text is filled here for the first view, and by diagnostics.js from then on, from one document.
"""

PAGE = """<!doctype html>
<html lang="{language}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>{name} - {diagnostics}</title>
  <link rel="icon" href="/static/mark.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/static/diagnostics.css">
  <script type="module" src="/static/changes.js"></script>
  <script type="module" src="/static/arming.js"></script>
  <script type="module" src="/static/diagnostics.js"></script>
  <script type="module" src="/static/live.js"></script>
  <script type="module" src="/static/zones.js"></script>
  <script type="module" src="/static/sensitivity.js"></script>
  <script type="module" src="/static/drive.js"></script>
  <script type="module" src="/static/why.js"></script>
</head>
<body data-locked="true">
<header>
  <img class="mark" src="/static/mark.svg" alt="" width="32" height="32">
  <div class="title"><h1>{name}</h1><p class="dim small">{software}</p></div>
  <p class="headline" data-level="{level}"><span class="dot"></span>
    <span data-text="headline" role="status">{headline}</span></p>
  <nav class="languages small" aria-label="{choose}">
    <a href="/?lang=en" lang="en" hreflang="en" {in_english}>EN</a>
    <a href="/?lang=fr" lang="fr" hreflang="fr" {in_french}>FR</a>
  </nav>
</header>
{lock}
<main>
  <p class="stale" role="alert" hidden>{stale}</p>
  <ul class="findings" aria-label="{findings_label}">{findings}</ul>
  <div class="columns">
  <section class="cameras" aria-label="{cameras_label}">{cameras}</section>
  <section class="facts" aria-label="{facts_label}">{arming}{facts}</section>
  </div>
  <section class="card ledger" aria-label="{clips_label}">
    <div class="bar"><h2>{last_clips}</h2><ul class="counts small">{counts}</ul></div>
    <ol class="clips">{clips}</ol>
    <p class="empty dim" data-show="no_clips" {some_clips}>{no_clips}</p>
  </section>
  {drive_clips}
</main>
<footer class="small dim"><a href="/healthz">healthz</a> <a href="/metrics">metrics</a>
  <a href="/api/v1/status">status</a> <a href="/api/v1/ledger">ledger</a>
  <a href="/api/v1/openapi.json">OpenAPI</a></footer>
<dialog class="player" aria-label="{clip}">
  <form method="dialog"><button aria-label="{close}">&times;</button></form>
  <video controls autoplay muted playsinline></video><img alt="{photo}" hidden>
  <p class="small" hidden>{not_shown}</p>
</dialog>
{dialogs}
<template id="clip">{blank_clip}</template>
<template id="finding">{blank_finding}</template>
<template id="count"><li><b data-text="count"></b> <span data-text="text"></span></li></template>
</body>
</html>
"""

CAMERA = """
<article class="card camera" data-camera="{camera_id}" data-health="{health}" data-phase="{phase}">
  <div class="picture">
    <img alt="{alt}" data-live="/live/{path}.mjpeg" data-snapshot="/snapshot/{path}.jpg" src="/snapshot/{path}.jpg">
    <span class="badge"><span class="dot"></span><span data-text="phase_text">{phase_text}</span></span>
    {go_live}
    <p class="away"><b data-text="health_text">{health_text}</b><span data-text="detail">{detail}</span></p>
  </div>
  <div class="about">
    <h2>{name}</h2>
    <p class="small dim"><span data-text="health_text">{health_text}</span> ·
      <span data-text="picture_text">{picture_text}</span></p>
    <p class="decision"><span class="chip" data-sink="{shown_sink}" data-text="sink_text">{sink_text}</span>
      <span data-text="choice_text">{choice_text}</span></p>
    <p class="small dim" data-text="cover_text">{cover_text}</p>
    <p class="small dim" data-text="continuous_text">{continuous_text}</p>
    {controls}
    {sensitivity}
    {detects_on}
    {packet_gate}
    {zones}
    <div class="controls">{detection}</div>
  </div>
</article>
"""

CLIP = """
<li class="clip" data-key="{clip_id}" data-phase="{phase}">
  <button class="play" type="button" data-media="{media_url}" data-kind="{kind}" {no_media} aria-label="{play}">
    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M8 5.5v13l11-6.5z"/></svg>
  </button>
  <span class="when"><span data-text="captured_at" class="moment">{moment}</span><span class="unsure" title="{unsure}"
    data-show="unsure" {sure}>?</span></span>
  <span class="who"><b data-text="camera">{camera}</b>
    <span class="dim" data-text="clip_reason_text">{clip_reason_text}</span>
    <span class="dim" data-text="length_text">{length_text}</span></span>
  <span class="where"><span class="chip" data-sink="{sink}" data-text="sink_text"
    title="{choice_text}">{sink_text}</span></span>
  <span class="state"><span data-text="phase_text">{phase_text}</span><span class="lost dim"
    data-text="lost_because">{lost_because}</span>{ask_why}</span>
</li>
"""

FINDING = '<li class="{level}" data-key="{key}"><span data-text="text">{text}</span></li>'
COUNT = (
    '<li data-key="{phase}" data-phase="{phase}"><b data-text="count">{count}</b>'
    ' <span data-text="text">{text}</span></li>'
)
MOMENT = '<time datetime="{at}">{said} UTC</time>'
NO_MOMENT = "<time></time>"

FACTS = """<dl class="card">{lease}
{broker}
{uploads}
{drive}
{disk}
{person}
{clock}
{alerts}
</dl>"""
FACT = """
<div><dt>{label}</dt>
  <dd><b data-text="{part}.text">{text}</b>
    <p class="small dim" data-text="{part}.{more}">{more_text}</p></dd></div>"""
LEASE = """
<div><dt>{label}</dt>
  <dd data-part="lease"><b data-text="lease.state_text">{state_text}</b>
    <p class="small" data-text="lease.text">{text}</p>
    <p class="small dim" data-show="lease.expires_at" {never}>{until}
      <span class="moment" data-format="minutes" data-text="lease.expires_at">{expires}</span><br>{without_news}
      <span class="moment" data-format="minutes" data-text="lease.grace_until">{grace}</span></p>
    <p class="small bad" data-text="lease.refused_text">{refused_text}</p></dd></div>"""
CLOCK = """
<div><dt>{label}</dt>
  <dd><b class="moment" data-text="at">{at}</b>
    <p class="small dim" data-show="clock_unsure" {sure}>{unsure}</p></dd></div>"""
ALERTS = """
<div><dt>{label}</dt>
  <dd><b data-show="armed" {disarmed}>{armed_text}</b><b data-show="disarmed" {armed}>{disarmed_text}</b></dd></div>"""
