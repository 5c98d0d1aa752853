local paused = obj.spec.paused == true

local actions = {}
-- A paused Microservice would restart only once it is resumed.
actions["restart"] = {
  ["disabled"] = paused,
  ["iconClass"] = "fa fa-fw fa-redo",
  ["displayName"] = "Restart the pods"
}
actions["pause"] = {
  ["disabled"] = paused,
  ["iconClass"] = "fa fa-fw fa-pause-circle",
  ["displayName"] = "Pause: write no child"
}
actions["resume"] = {
  ["disabled"] = not paused,
  ["iconClass"] = "fa fa-fw fa-play-circle",
  ["displayName"] = "Resume"
}
return actions
