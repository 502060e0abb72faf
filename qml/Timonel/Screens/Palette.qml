import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

// One search for everything: screens, packs, objects of the cluster.
Popup {
    id: root
    property var actions: [] // [{text, detail, icon, run}]
    signal chosen(string kind, string key) // an object of the cluster
    width: Math.min(parent.width - 80, 600 * Theme.scale)
    height: Math.min(parent.height - 120, 440 * Theme.scale)
    x: (parent.width - width) / 2
    y: 70
    modal: true
    padding: 8
    onOpened: { needle.text = ""; needle.forceActiveFocus(); list.currentIndex = 0 }
    background: Rectangle { radius: 10; color: Theme.raised; border.color: Theme.line }
    readonly property var found: {
        const words = needle.text.toLowerCase().split(/\s+/)
        const fixed = root.actions.filter(a => words.every(w => (a.text + " " + a.detail).toLowerCase().includes(w)))
        const objects = root.opened ? Objects.find(needle.text, 40).map(o => ({ text: o.key, detail: o.word, code: true, run: () => root.chosen(o.kind, o.key) })) : []
        return fixed.concat(objects).slice(0, 60)
    }
    function run(index) { const action = found[index]; root.close(); if (action) action.run() }
    contentItem: ColumnLayout {
        spacing: 8
        TField {
            id: needle
            Layout.fillWidth: true
            iconName: "search"
            placeholderText: qsTr("Find a screen, a task, an object …")
            Keys.onDownPressed: list.incrementCurrentIndex()
            Keys.onUpPressed: list.decrementCurrentIndex()
            onAccepted: root.run(list.currentIndex)
        }
        Empty { visible: root.found.length === 0; Layout.alignment: Qt.AlignHCenter; Layout.topMargin: 24; iconName: "search"; title: qsTr("Nothing found"); text: qsTr("Names of screens, tasks and objects are searched.") }
        ListView {
            id: list
            visible: root.found.length > 0
            Layout.fillWidth: true
            Layout.fillHeight: true
            clip: true
            model: root.found
            delegate: ItemDelegate {
                id: option
                required property int index
                required property var modelData
                width: ListView.view.width
                height: 34 * Theme.scale
                onClicked: root.run(index)
                Accessible.name: modelData.text + ", " + modelData.detail
                background: Rectangle { radius: 6; color: option.ListView.isCurrentItem ? Theme.selected : option.hovered ? Theme.hover : "transparent" }
                contentItem: RowLayout {
                    TText { text: option.modelData.text; code: option.modelData.code === true; Layout.fillWidth: true; wrapMode: Text.NoWrap; elide: Text.ElideMiddle }
                    TText { text: option.modelData.detail; quiet: true; size: 12; wrapMode: Text.NoWrap }
                }
            }
        }
    }
}
