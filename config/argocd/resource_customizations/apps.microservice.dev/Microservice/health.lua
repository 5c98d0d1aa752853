-- The Microservice CRD follows kstatus, https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md:
-- status.observedGeneration is -1 until the operator has looked, Ready is always there, and at most one of Reconciling
-- and Stalled, only while it is True. Whatever may still get there by itself is Progressing, so that no wave fails for it.
-- There is no string.* or math.* here: argocd-cm does not have them.

local hs = {}

if obj.metadata.deletionTimestamp ~= nil then
  hs.status = "Progressing"
  hs.message = "Pending deletion"
  return hs
end

if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  hs.status = "Progressing"
  hs.message = "Waiting for the operator to look at this spec"
  return hs
end

local conditions = {}
for _, condition in ipairs(obj.status.conditions or {}) do
  conditions[condition.type] = condition
end
local ready = conditions["Ready"] or {status = "Unknown", message = "Waiting for the operator to report Ready"}
local stalled = conditions["Stalled"]

if stalled ~= nil and stalled.status == "True" then
  hs.status = "Degraded"
  hs.message = ready.message
elseif obj.spec.paused then
  hs.status = "Suspended"
  hs.message = ready.message
  if ready.reason ~= "Paused" then
    hs.message = "Paused. " .. ready.message
  end
elseif ready.status == "True" then
  hs.status = "Healthy"
  hs.message = ready.message
else
  hs.status = "Progressing"
  hs.message = ready.message
end
return hs
