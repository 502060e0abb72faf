import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

Rectangle {
    id: root
    objectName: "inspector"
    property string page: "summary"
    color: Theme.surface
    ColumnLayout {
        anchors.fill: parent
        anchors.margins: 12
        spacing: 10
        RowLayout {
            spacing: 8
            StateGlyph { state_: Inspector.state; visible: state_ }
            ColumnLayout {
                spacing: 0
                Layout.fillWidth: true
                TText { text: Inspector.title; code: true; strong: true; Layout.fillWidth: true; wrapMode: Text.NoWrap; elide: Text.ElideMiddle }
                TText { text: Inspector.kind.replace(/^\//, "") + (Inspector.word ? " · " + Inspector.word : "") + (Inspector.gone ? " · " + qsTr("gone") : ""); quiet: true; size: 12; Layout.fillWidth: true }
            }
            TButton { kind: "quiet"; iconName: "x"; tip: qsTr("Close"); onClicked: Inspector.clear() }
        }
        Segments {
            current: root.page
            options: [{ key: "summary", text: qsTr("Summary") }, { key: "yaml", text: "YAML" }, { key: "events", text: qsTr("Events") }, { key: "why", text: qsTr("Why") }]
            onChosen: key => root.page = key
        }
        StackLayout {
            Layout.fillWidth: true
            Layout.fillHeight: true
            currentIndex: ["summary", "yaml", "events", "why"].indexOf(root.page)
            ListView {
                clip: true
                model: Inspector.facts
                spacing: 8
                ScrollBar.vertical: ScrollBar {}
                delegate: ColumnLayout {
                    required property string name
                    required property string value
                    width: ListView.view.width - 8
                    spacing: 0
                    TText { text: parent.name; quiet: true; size: 12 }
                    TText { text: parent.value; code: true; size: 12.5; Layout.fillWidth: true; wrapMode: Text.WrapAnywhere }
                }
            }
            ScrollView {
                clip: true
                TextArea {
                    readOnly: true
                    text: Inspector.yaml
                    textFormat: TextEdit.PlainText
                    font.family: Theme.mono
                    font.pixelSize: 12 * Theme.scale
                    color: Theme.text
                    selectionColor: Theme.accent
                    selectedTextColor: Theme.onAccent
                    background: null
                    padding: 0
                    Accessible.name: "YAML"
                }
            }
            ListView {
                id: events
                clip: true
                model: Inspector.events
                spacing: 10
                ScrollBar.vertical: ScrollBar {}
                Empty { visible: events.count === 0; anchors.centerIn: parent; width: parent.width * 0.9; iconName: "history"; title: qsTr("No events"); text: qsTr("Nothing has been reported about this object in the last hour.") }
                delegate: RowLayout {
                    id: event
                    required property string age
                    required property string type
                    required property string reason
                    required property string message
                    required property int times
                    width: ListView.view.width - 8
                    spacing: 8
                    StateGlyph { state_: event.type === "Warning" ? "failed" : "done"; size: 10; Layout.alignment: Qt.AlignTop; Layout.topMargin: 4 }
                    ColumnLayout {
                        spacing: 0
                        Layout.fillWidth: true
                        TText { text: event.reason + (event.times > 1 ? "  ×" + event.times : "") + "  ·  " + event.age; size: 12; strong: true; Layout.fillWidth: true }
                        TText { text: event.message; size: 12; quiet: true; Layout.fillWidth: true; wrapMode: Text.Wrap }
                    }
                }
            }
            WhyList {}
        }
    }
    Rectangle { width: 1; height: parent.height; color: Theme.line }
}
