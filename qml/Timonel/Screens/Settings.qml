import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

Flickable {
    id: root
    contentHeight: page.implicitHeight + 64
    boundsBehavior: Flickable.StopAtBounds
    ScrollBar.vertical: ScrollBar {}
    component Row_: ColumnLayout {
        property alias title: heading.text
        property alias text: body.text
        default property alias content: holder.data
        spacing: 6
        Layout.fillWidth: true
        TText { id: heading; strong: true }
        TText { id: body; quiet: true; visible: text; Layout.fillWidth: true }
        Item { id: holder; implicitHeight: childrenRect.height; implicitWidth: childrenRect.width }
    }
    ColumnLayout {
        id: page
        x: Math.max(24, (root.width - width) / 2)
        y: 28
        width: Math.min(root.width - 48, 640 * Theme.scale)
        spacing: 24
        TText { text: qsTr("Settings"); size: 28; strong: true }
        Row_ {
            title: qsTr("Language")
            text: qsTr("Of the window, tasks and lessons. What kubectl prints stays English, as in the exam.")
            Segments { current: Preferences.language; options: [{ key: "en", text: "English" }, { key: "es", text: "Español" }]; onChosen: key => Preferences.language = key }
        }
        Row_ {
            title: qsTr("Theme")
            Segments { current: Preferences.theme; options: [{ key: "system", text: qsTr("System") }, { key: "light", text: qsTr("Light") }, { key: "dark", text: qsTr("Dark") }, { key: "contrast", text: qsTr("High contrast") }]; onChosen: key => Preferences.theme = key }
        }
        Row_ {
            title: qsTr("Text size")
            Segments { current: String(Math.round(Preferences.scale * 100)); options: [{ key: "100", text: "100 %" }, { key: "125", text: "125 %" }, { key: "150", text: "150 %" }, { key: "175", text: "175 %" }, { key: "200", text: "200 %" }]; onChosen: key => Preferences.scale = Number(key) / 100 }
        }
        Row_ {
            title: qsTr("Motion")
            text: qsTr("Without motion, changes appear at once.")
            Segments { current: Preferences.reducedMotion ? "off" : "on"; options: [{ key: "on", text: qsTr("Animate changes") }, { key: "off", text: qsTr("No motion") }]; onChosen: key => Preferences.reducedMotion = key === "off" }
        }
        Row_ {
            title: qsTr("Keys")
            text: qsTr("Everything can be reached without a mouse.")
            GridLayout {
                width: page.width
                columns: page.width > 560 * Theme.scale ? 4 : 2
                columnSpacing: 16
                rowSpacing: 8
                Repeater {
                    model: [["Ctrl+K", qsTr("Find anything")], ["Alt+1 … 6", qsTr("Screens")], ["F6", qsTr("To the next part of the screen")], ["F8", qsTr("Pause or play")],
                        ["Ctrl+Shift+T", qsTr("New terminal")], ["Ctrl+Shift+W", qsTr("Close the terminal")], ["Ctrl+Tab", qsTr("Next terminal")], ["Ctrl+Shift+F", qsTr("Search the terminal")],
                        ["Ctrl+Shift+C", qsTr("Copy")], ["Ctrl+Shift+V", qsTr("Paste")], ["Shift+PgUp", qsTr("Scroll the terminal")], ["+  −  0", qsTr("Zoom the picture, fit it")]]
                    RowLayout {
                        id: entry
                        required property var modelData
                        Layout.columnSpan: 2
                        Layout.fillWidth: true
                        spacing: 12
                        Rectangle {
                            implicitWidth: 120 * Theme.scale
                            implicitHeight: cap.implicitHeight + 8
                            radius: 5
                            color: Theme.hover
                            border.color: Theme.line
                            TText { id: cap; anchors.centerIn: parent; text: entry.modelData[0]; code: true; size: 12; wrapMode: Text.NoWrap }
                        }
                        TText { text: entry.modelData[1]; Layout.fillWidth: true }
                    }
                }
            }
        }
    }
}
