import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

// What a kind and its fields mean, at hand in every mode: an exam allows the documentation too.
Item {
    id: root
    function takeFocus() { needle.forceActiveFocus() }
    Connections {
        target: Reference
        function onPageChanged() {
            fields.positionViewAtBeginning()
            for (let i = 0; i < fields.count; ++i)
                if (Reference.fields.get(i).name === Reference.field) { fields.currentIndex = i; fields.positionViewAtIndex(i, ListView.Center); return }
            fields.currentIndex = -1
        }
    }
    function open(path, field) { needle.text = ""; Reference.open(path, field); fields.forceActiveFocus() }
    TButton { id: back; x: 8; y: 8; enabled: !Reference.searching; opacity: enabled ? 1 : 0.4; kind: "quiet"; iconName: "arrow-left"; tip: qsTr("Back"); onClicked: Reference.back() }
    TField {
        id: needle
        objectName: "referenceSearch"
        anchors { left: back.right; right: parent.right; top: parent.top; margins: 8 }
        iconName: "search"
        placeholderText: qsTr("Find a kind or a field, e.g. readinessProbe")
        onTextChanged: Reference.query = text
        Keys.onDownPressed: { hits.forceActiveFocus(); hits.currentIndex = 0 }
        Keys.onEscapePressed: text = ""
        onAccepted: if (hits.count > 0) { const hit = Reference.hits.get(0); root.open(hit.path, hit.field) }
    }
    ListView {
        id: hits
        visible: Reference.searching
        anchors { left: parent.left; right: parent.right; top: needle.bottom; bottom: parent.bottom; topMargin: 8 }
        clip: true
        model: Reference.hits
        activeFocusOnTab: true
        ScrollBar.vertical: ScrollBar {}
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Found")
        Keys.onReturnPressed: if (currentItem) currentItem.clicked()
        Empty { visible: hits.count === 0; anchors.centerIn: parent; width: parent.width * 0.9; iconName: "search"; title: qsTr("Nothing found"); text: qsTr("Names and descriptions of kinds and fields are searched.") }
        delegate: ItemDelegate {
            id: hit
            required property string path
            required property string field
            required property string title
            required property var model
            width: ListView.view.width
            padding: 8 * Theme.scale
            leftPadding: 14 * Theme.scale
            onClicked: root.open(path, field)
            Accessible.name: title + ". " + model.text
            background: Rectangle { color: hit.hovered || (hit.ListView.isCurrentItem && hits.activeFocus) ? Theme.hover : "transparent" }
            contentItem: ColumnLayout {
                spacing: 2
                RowLayout {
                    spacing: 10
                    TText { text: hit.title; code: true; strong: true; wrapMode: Text.NoWrap; elide: Text.ElideMiddle; Layout.fillWidth: hit.field === "" }
                    TText { visible: hit.field; text: hit.path; code: true; quiet: true; size: 12; wrapMode: Text.NoWrap; elide: Text.ElideLeft; Layout.fillWidth: true; horizontalAlignment: Text.AlignRight }
                }
                TText { visible: text; text: hit.model.text; quiet: true; size: 12.5; Layout.fillWidth: true; maximumLineCount: 2; elide: Text.ElideRight }
            }
        }
    }
    ListView {
        id: fields
        visible: !Reference.searching
        anchors.fill: hits
        clip: true
        model: Reference.fields
        activeFocusOnTab: true
        ScrollBar.vertical: ScrollBar {}
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Fields of %1").arg(Reference.title)
        Keys.onReturnPressed: if (currentItem && currentItem.path) currentItem.clicked()
        Keys.onLeftPressed: Reference.back()
        header: ColumnLayout {
            width: ListView.view.width
            spacing: 6
            Flow {
                Layout.fillWidth: true
                Layout.leftMargin: 14 * Theme.scale
                spacing: 2
                TButton { kind: "quiet"; text: qsTr("Kinds"); onClicked: { needle.text = ""; Reference.openCrumb(-1) } }
                Repeater {
                    model: Reference.crumbs
                    TButton { required property int index; required property string modelData; kind: "quiet"; text: "› " + modelData; onClicked: Reference.openCrumb(index) }
                }
            }
            RowLayout {
                Layout.leftMargin: 14 * Theme.scale
                Layout.rightMargin: 14 * Theme.scale
                spacing: 10
                TText { text: Reference.title; size: 20; strong: true; code: Reference.crumbs.length > 1; wrapMode: Text.NoWrap }
                TText { text: Reference.detail; quiet: true; size: 12; Layout.fillWidth: true; elide: Text.ElideRight; wrapMode: Text.NoWrap }
            }
            TText { text: Reference.text; Layout.fillWidth: true; Layout.leftMargin: 14 * Theme.scale; Layout.rightMargin: 14 * Theme.scale }
            TText { text: Reference.command; code: true; quiet: true; size: 12; Layout.fillWidth: true; Layout.leftMargin: 14 * Theme.scale; Layout.bottomMargin: 8; wrapMode: Text.WrapAnywhere }
        }
        delegate: ItemDelegate {
            id: field
            required property string name
            required property string type
            required property string path
            required property bool required_
            required property var model
            width: ListView.view.width
            padding: 8 * Theme.scale
            leftPadding: 14 * Theme.scale
            rightPadding: 10 * Theme.scale
            onClicked: if (path) root.open(path, "")
            Accessible.name: name + ", " + type + (required_ ? ", " + qsTr("required") : "") + ". " + model.text
            background: Rectangle { color: field.ListView.isCurrentItem ? Theme.selected : field.hovered && field.path ? Theme.hover : "transparent"; Rectangle { width: parent.width; height: 1; color: Theme.line } }
            contentItem: RowLayout {
                spacing: 8
                ColumnLayout {
                    spacing: 2
                    Layout.fillWidth: true
                    RowLayout {
                        spacing: 10
                        TText { text: field.name; code: true; strong: true; wrapMode: Text.NoWrap }
                        TText { text: field.type; code: true; quiet: true; size: 12; wrapMode: Text.NoWrap; elide: Text.ElideRight; Layout.fillWidth: true }
                        Pill { visible: field.required_; text: qsTr("required") }
                    }
                    TText { visible: text; text: field.model.text; quiet: true; size: 12.5; Layout.fillWidth: true }
                }
                Icon { visible: field.path; name: "chevron-right"; color: Theme.muted; size: 16 }
            }
        }
    }
}
