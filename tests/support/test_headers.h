// What every test file includes, parsed once.
#pragma once
#include <catch2/catch.hpp>

#include "../../cmake/common_headers.h"
