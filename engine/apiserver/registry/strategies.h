#pragma once
// The parts of strategies that have a file of their own.

#include "apiserver/core.h"

namespace apiserver {

// pods.cpp
document::Value preparePodCreate(Core& core, Context& context, document::Value object);
document::Value preparePodUpdate(Core& core, Context& context, document::Value object,
                                 const document::Value& old);
document::Value preparePodStatus(Core& core, Context& context, document::Value object,
                                 const document::Value& old);
std::string qosClass(const document::Value& pod);

// services.cpp
document::Value prepareServiceCreate(Core& core, Context& context, document::Value object);
document::Value prepareServiceUpdate(Core& core, Context& context, document::Value object,
                                     const document::Value& old);
base::Result<document::Value> allocateService(Core& core, Context& context, document::Value object,
                                              const document::Value& old);
void releaseService(Core& core, const document::Value& object);

// strategy.cpp: certificate signing requests
document::Value updateSigningStatus(Core& core, Context& context, document::Value object,
                                    const document::Value& old);

// crd/definitions.cpp
void definitionWritten(Core& core, const document::Value& object, const document::Value& old);
void definitionRemoved(Core& core, const document::Value& object);

// FlowSchema, PriorityLevelConfiguration.
void flowControlWritten(Core& core, const document::Value& object, const document::Value& old);
void flowControlRemoved(Core& core, const document::Value& object);

} // namespace apiserver
