// The standard headers that most files include, parsed once: a third of a debug build. Nothing of
// ours stands here, so that no edit rebuilds it. Sources still include what they use.
#pragma once
#include <algorithm>
#include <array>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>
