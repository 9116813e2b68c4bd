"""The HTML of the lock bar and of arming; arming.js enables it while the page is unlocked."""

LOCK = """
<section class="lockbar">
  <form class="when-locked"><p>{locked}</p>
    <input type="password" name="key" autocomplete="off" required aria-label="{key}" placeholder="{key}">
    <button>{unlock}</button></form>
  <div class="when-unlocked"><p>{unlocked}</p><button type="button" data-lock>{lock}</button></div>
  <p class="small bad" role="alert" data-refused></p>
  <template id="refused">{refused}</template>
</section>
"""
REFUSED = '<span data-code="{code}">{text}</span>'
OPTION = '<option value="{value}">{text}</option>'
SNOOZE = """<select data-snooze aria-label="{label}" disabled><option value="">{choose}</option>{choices}</select>"""

ARMING = """
<section class="card arming" aria-label="{title}">
  <div class="controls"><b data-show="armed" {disarmed}>{armed_text}</b>
    <b data-show="disarmed" {armed}>{disarmed_text}</b>
    <button type="button" data-arm="true" data-show="disarmed" {armed} disabled>{arm}</button>
    <button type="button" data-arm="false" data-show="armed" {disarmed} disabled>{disarm}</button></div>
  <p class="small dim"><span data-text="arming.text">{reason}</span>
    <span data-text="arming.next_text">{next_text}</span>
    <span class="moment" data-format="minutes" data-text="arming.next_at"></span></p>
  <div class="controls">{snooze}</div>
  <details><summary>{schedule}</summary>
    <form class="schedule">
      <label>{time_zone} <input name="time_zone" value="{zone}" maxlength="64" autocomplete="off" disabled></label>
      <ol class="steps"></ol>
      <p class="small dim no-steps">{no_steps}</p>
      <div class="controls"><button type="button" data-add disabled>{add}</button><button disabled>{save}</button></div>
      <p class="small" role="status" data-saved hidden>{saved}</p>
    </form>
  </details>
  <template id="step"><li>
    <select name="day" aria-label="{day}">{days}</select>
    <select name="at" aria-label="{at}">{times}</select>
    <select name="armed" aria-label="{act}"><option value="true">{arm}</option>
      <option value="false">{disarm}</option></select>
    <button type="button" data-remove aria-label="{remove}">&times;</button></li></template>
</section>
"""

CAMERA = """
<div class="controls"><label><input type="checkbox" data-motion {on} disabled> {motion}</label>{snooze}</div>
<p class="small" data-show="snoozed" {awake}>{snoozed_text}
  <span class="moment" data-format="minutes" data-text="arming.snoozed_until"></span></p>
<p class="small dim" data-text="arming.snooze_refused">{refused}</p>
"""
