/** What is put before an id or a name that clobbers: sanitizers have agreed on this word. */
const prefix = 'user-content-'

/**
 * Properties of a document, a window, a form and a collection of elements, and of all that they extend: the members of
 * these interfaces in TypeScript's `lib.dom.d.ts`, which a test compares with the list. An element with such an id or
 * name stands in for the property where a script looks for it (DOM clobbering). The handlers of events are in `events`.
 */
const properties: ReadonlySet<string> = new Set(
  `URL acceptCharset accessKey accessKeyLabel action activeElement activeViewTransition addEventListener adoptNode
   adoptedStyleSheets after alert alinkColor all anchors animate append appendChild applets assignedSlot atob
   attachInternals attachShadow attributeStyleMap attributes autocapitalize autocomplete autocorrect autofocus
   baseURI before bgColor blur body btoa caches cancelAnimationFrame cancelIdleCallback captureEvents
   caretPositionFromPoint caretRangeFromPoint characterSet charset checkValidity checkVisibility childElementCount
   childNodes children classList className clear clearInterval clearTimeout click clientHeight clientInformation
   clientLeft clientTop clientWidth cloneNode close closed closest compareDocumentPosition compatMode
   computedStyleMap confirm constructor contains contentEditable contentType cookie cookieStore createAttribute
   createAttributeNS createCDATASection createComment createDocumentFragment createElement createElementNS
   createEvent createExpression createImageBitmap createNSResolver createNodeIterator createProcessingInstruction
   createRange createTextNode createTreeWalker crossOriginIsolated crypto currentCSSZoom currentScript
   customElementRegistry customElements dataset defaultView designMode devicePixelRatio dir dispatchEvent doctype
   document documentElement documentURI domain draggable elementFromPoint elements elementsFromPoint embeds encoding
   enctype enterKeyHint evaluate event execCommand exitFullscreen exitPictureInPicture exitPointerLock external
   fetch fgColor firstChild firstElementChild focus fonts forms fragmentDirective frameElement frames fullscreen
   fullscreenElement fullscreenEnabled getAnimations getAttribute getAttributeNS getAttributeNames getAttributeNode
   getAttributeNodeNS getBoundingClientRect getClientRects getComputedStyle getElementById getElementsByClassName
   getElementsByName getElementsByTagName getElementsByTagNameNS getHTML getRootNode getSelection hasAttribute
   hasAttributeNS hasAttributes hasChildNodes hasFocus hasOwnProperty hasPointerCapture hasStorageAccess head hidden
   hidePopover history id images implementation importNode indexedDB inert innerHTML innerHeight innerText
   innerWidth inputEncoding inputMode insertAdjacentElement insertAdjacentHTML insertAdjacentText insertBefore
   isConnected isContentEditable isDefaultNamespace isEqualNode isPrototypeOf isSameNode isSecureContext item lang
   lastChild lastElementChild lastModified length linkColor links localName localStorage location locationbar
   lookupNamespaceURI lookupPrefix matchMedia matches menubar method moveBefore moveBy moveTo name namedItem
   namespaceURI navigation navigator nextElementSibling nextSibling noValidate nodeName nodeType nodeValue nonce
   normalize offsetHeight offsetLeft offsetParent offsetTop offsetWidth open opener orientation origin
   originAgentCluster outerHTML outerHeight outerText outerWidth ownerDocument pageXOffset pageYOffset parent
   parentElement parentNode part performance personalbar pictureInPictureElement pictureInPictureEnabled plugins
   pointerLockElement popover postMessage prefix prepend previousElementSibling previousSibling print prompt
   propertyIsEnumerable queryCommandEnabled queryCommandIndeterm queryCommandState queryCommandSupported
   queryCommandValue querySelector querySelectorAll queueMicrotask readyState referrer rel relList releaseEvents
   releasePointerCapture remove removeAttribute removeAttributeNS removeAttributeNode removeChild
   removeEventListener replaceChild replaceChildren replaceWith reportError reportValidity requestAnimationFrame
   requestFullscreen requestIdleCallback requestPointerLock requestStorageAccess requestSubmit reset resizeBy
   resizeTo role rootElement scheduler screen screenLeft screenTop screenX screenY scripts scroll scrollBy
   scrollHeight scrollIntoView scrollLeft scrollTo scrollTop scrollWidth scrollX scrollY scrollbars scrollingElement
   self sessionStorage setAttribute setAttributeNS setAttributeNode setAttributeNodeNS setHTMLUnsafe setInterval
   setPointerCapture setTimeout shadowRoot showPopover slot speechSynthesis spellcheck startViewTransition status
   statusbar stop structuredClone style styleSheets submit tabIndex tagName target textContent timeline title
   toLocaleString toString toggleAttribute togglePopover toolbar top translate valueOf visibilityState
   visualViewport vlinkColor window write writeln writingSuggestions`.split(/\s+/),
)

/** Events whose handlers (`onclick`) are such properties. */
const events: ReadonlySet<string> = new Set(
  `abort afterprint animationcancel animationend animationiteration animationstart auxclick beforeinput beforematch
   beforeprint beforetoggle beforeunload blur cancel canplay canplaythrough change click close command contextlost
   contextmenu contextrestored copy cuechange cut dblclick devicemotion deviceorientation deviceorientationabsolute
   drag dragend dragenter dragleave dragover dragstart drop durationchange emptied ended error focus formdata
   fullscreenchange fullscreenerror gamepadconnected gamepaddisconnected gotpointercapture hashchange input invalid
   keydown keypress keyup languagechange load loadeddata loadedmetadata loadstart lostpointercapture message
   messageerror mousedown mouseenter mouseleave mousemove mouseout mouseover mouseup offline online
   orientationchange pagehide pagereveal pageshow pageswap paste pause play playing pointercancel pointerdown
   pointerenter pointerleave pointerlockchange pointerlockerror pointermove pointerout pointerover pointerrawupdate
   pointerup popstate progress ratechange readystatechange rejectionhandled reset resize scroll scrollend
   securitypolicyviolation seeked seeking select selectionchange selectstart slotchange stalled storage submit
   suspend timeupdate toggle touchcancel touchend touchmove touchstart transitioncancel transitionend transitionrun
   transitionstart unhandledrejection unload visibilitychange volumechange waiting webkitanimationend
   webkitanimationiteration webkitanimationstart webkittransitionend wheel`.split(/\s+/),
)

/** Properties that only some browsers have, and globals of scripts that many pages load. */
const furtherGlobals: ReadonlySet<string> = new Set(
  `Infinity NaN arguments chrome credentialless defaultStatus defaultstatus documentPictureInPicture eval
   featurePolicy fence find getScreenDetails globalThis isNaN launchQueue offscreenBuffering openDatabase
   permissionsPolicy prerendering queryLocalFonts sharedStorage showDirectoryPicker showOpenFilePicker
   showSaveFilePicker styleMedia trustedTypes undefined wasDiscarded xmlEncoding xmlStandalone xmlVersion Alpine
   Drupal Shopify Stimulus Turbo Wix _gaq _hsq _paq dataLayer fbq ga gtag htmx jQuery jquery wp $`.split(/\s+/),
)

/** Names with two underscores (`__proto__`, `__NEXT_DATA__`), of constants (`TEXT_NODE`), and of families. */
const patterns = /^(?:__|(?:aria|webkit)[A-Z]|[A-Z]+(?:_[A-Z]+)+$)/

/** Whether a script that looks for a property of this name can find an element instead. */
export function isClobbering(name: string): boolean {
  return (
    properties.has(name) ||
    furtherGlobals.has(name) ||
    patterns.test(name) ||
    (name.startsWith('on') && events.has(name.slice(2)))
  )
}

/** Attributes that list ids. */
const idLists: ReadonlySet<string> = new Set(
  `headers aria-activedescendant aria-controls aria-describedby aria-details aria-errormessage aria-flowto
   aria-labelledby aria-owns`.split(/\s+/),
)

/** The value of an attribute with every id in it that clobbers renamed: as it is where there is none. */
export function withSafeIds(attribute: string, value: string): string {
  if (attribute === 'id' || attribute === 'name') return safeId(value)
  if (attribute === 'href') {
    // Where no element is `top`, since it has been renamed, a browser scrolls to the top by itself.
    return value.startsWith('#') && value !== '#top' ? `#${safeId(value.slice(1))}` : value
  }
  if (!idLists.has(attribute)) return value
  return value.split(' ').map(safeId).join(' ')
}

function safeId(id: string): string {
  return isClobbering(id) ? prefix + id : id
}

interface Named {
  readonly id?: string | undefined
  readonly name?: string | undefined
}

/**
 * Whether an element's name makes it a property of the document or the window even if such a property is built in
 * (images, frames), or of a collection of elements with its id. A `details` needs its name: it tells its group.
 */
export function isClobberingName(tag: string, { id, name }: Named): boolean {
  if (name === undefined || tag === 'details') return false
  return tag === 'img' || tag === 'iframe' || (id !== undefined && id !== name)
}
