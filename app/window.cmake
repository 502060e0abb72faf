# The window: C++ behind QML, QML and fonts as resources, translations compiled at build time.
set(CMAKE_AUTOMOC ON)
file(GLOB window_sources CONFIGURE_DEPENDS
    ${CMAKE_CURRENT_SOURCE_DIR}/window.cpp ${CMAKE_CURRENT_SOURCE_DIR}/window_context.cpp ${CMAKE_CURRENT_SOURCE_DIR}/window_context.h
    ${CMAKE_CURRENT_SOURCE_DIR}/engine/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/engine/*.h
    ${CMAKE_CURRENT_SOURCE_DIR}/models/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/models/*.h
    ${CMAKE_CURRENT_SOURCE_DIR}/viewmodels/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/viewmodels/*.h
    ${CMAKE_CURRENT_SOURCE_DIR}/terminal/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/terminal/*.h
    ${CMAKE_CURRENT_SOURCE_DIR}/canvas/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/canvas/*.h
    ${CMAKE_CURRENT_SOURCE_DIR}/settings/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/settings/*.h)
add_library(timonel_window STATIC ${window_sources})
target_include_directories(timonel_window PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
# `emit`, `signals` and `slots` as macros would rewrite the engine's names.
target_compile_definitions(timonel_window PUBLIC QT_NO_KEYWORDS PRIVATE TIMONEL_VERSION="${PROJECT_VERSION}")
find_library(TIMONEL_VTERM vterm REQUIRED)
find_library(TIMONEL_MD4C md4c REQUIRED)
target_link_libraries(timonel_window PUBLIC timonel_lab timonel_cluster
    Qt6::Core Qt6::Gui Qt6::Qml Qt6::Quick Qt6::QuickControls2 Qt6::Svg ${TIMONEL_VTERM} ${TIMONEL_MD4C} Threads::Threads)

file(GLOB_RECURSE qml_files RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/qml/*.qml ${CMAKE_SOURCE_DIR}/qml/*/qmldir)
file(GLOB window_assets RELATIVE ${CMAKE_SOURCE_DIR}/assets/window CONFIGURE_DEPENDS
    ${CMAKE_SOURCE_DIR}/assets/window/fonts/*.otf ${CMAKE_SOURCE_DIR}/assets/window/fonts/*.ttf ${CMAKE_SOURCE_DIR}/assets/window/icons/*.svg)
list(TRANSFORM qml_files PREPEND ${CMAKE_SOURCE_DIR}/)
qt_add_resources(timonel_window qml PREFIX / BASE ${CMAKE_SOURCE_DIR} FILES ${qml_files})
list(TRANSFORM window_assets PREPEND ${CMAKE_SOURCE_DIR}/assets/window/)
qt_add_resources(timonel_window window_assets PREFIX /window BASE ${CMAKE_SOURCE_DIR}/assets/window FILES ${window_assets})

find_program(TIMONEL_LRELEASE NAMES lrelease lrelease6 PATHS /usr/lib/qt6/bin REQUIRED)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/translations)
set(catalogues "")
foreach(language en es)
    set(qm ${CMAKE_BINARY_DIR}/translations/timonel_${language}.qm)
    add_custom_command(OUTPUT ${qm} COMMAND ${TIMONEL_LRELEASE} -silent ${CMAKE_SOURCE_DIR}/translations/timonel_${language}.ts -qm ${qm}
        DEPENDS ${CMAKE_SOURCE_DIR}/translations/timonel_${language}.ts)
    list(APPEND catalogues ${qm})
endforeach()
qt_add_resources(timonel_window translations PREFIX /translations BASE ${CMAKE_BINARY_DIR}/translations FILES ${catalogues})
