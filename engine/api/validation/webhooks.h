#pragma once
// What webhooks and CustomResourceDefinitions share. Internal to api/.

#include "api/validation/rules.h"

namespace api::validation {

void validateWebhookClient(Errors& errors, const Value& client, const Path& path);
std::span<const KindRules> webhookRules();

} // namespace api::validation
