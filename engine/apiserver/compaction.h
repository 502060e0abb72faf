#pragma once
// The API server has its store forget the past at regular intervals, so that lists and watches of old
// revisions end with 410. Source: apiserver/pkg/storage/etcd3/compact.go; flag --etcd-compaction-interval.

namespace apiserver {

struct Core;

void startCompaction(Core& core);

} // namespace apiserver
