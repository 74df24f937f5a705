// What the page does besides: it hears how an update ended.
const flasher = document.querySelector('dfu-flasher');
const thanks = document.querySelector('#thanks');

flasher.addEventListener('dfu-ended', ({ detail }) => {
  thanks.hidden = detail.rating !== 'good';
});
