-- The key is not kubectl.kubernetes.io/restartedAt: then the operator would own that one on the Deployment, and undo the
-- next kubectl rollout restart.
local os = require("os")
if obj.spec.podTemplate == nil then
  obj.spec.podTemplate = {}
end
if obj.spec.podTemplate.annotations == nil then
  obj.spec.podTemplate.annotations = {}
end
obj.spec.podTemplate.annotations["microservice.dev/restartedAt"] = os.date("!%Y-%m-%dT%XZ")
return obj
